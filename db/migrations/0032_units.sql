-- Organizational units that may stand in place of the institution's own (S002's list of allowed OUs): 'officer', only officers' files
-- may ask for one; 'person', people may when they apply. Nothing changes where the list is empty.
alter table institution
    add column units       text[] not null default '{}' check (cardinality(units) <= 200 and array_position(units, '') is null),
    add column unit_choice text   not null default 'officer' check (unit_choice in ('officer', 'person'));
insert into institution_field values ('units'), ('unit_choice');

-- What was asked for; null: nothing, the institution's. 'unit' is what the certificate says. The portal may insert it, never change it.
alter table request add column unit_chosen text;

-- The OU of a certificate of that institution for which P_UNIT is asked (null, '': none is). What is not on the list is refused; so is
-- what a person asks for where only officers may.
create function unit_for(i institution, p_unit text, p_officer boolean) returns text language plpgsql stable as $$
begin
    if coalesce(p_unit, '') = '' or p_unit = i.unit then return i.unit; end if;
    if not p_unit = any (i.units) or not (p_officer or i.unit_choice = 'person') then perform refuse('unit'); end if;
    return p_unit;
end $$;

-- Behind request_fill, by its name, which has filled in the institution's. Functions of officers' acts set request.unit themselves, to
-- what unit_for says with p_officer.
create function request_unit() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare i institution;
begin
    select * into i from institution where id = new.institution;
    new.unit := unit_for(i, new.unit_chosen, false);
    return new;
end $$;
create trigger request_unit before insert on request for each row when (new.unit_chosen is not null) execute function request_unit();

revoke execute on function unit_for, request_unit from public;
grant execute on function unit_for to inkan_portal;
grant insert (unit_chosen) on request to inkan_portal;
