-- Leavers (H5): a file of people who have left, after which nothing of theirs is valid any more.

-- Everything of the person is revoked, and what is not collected yet is withdrawn; a person is found as for issuing. Somebody whose
-- last day is still to come is no leaver yet. Who has nothing left is passed over, so that the same line may come again.
create function bulk_leavers(p_batch batch, p_cells jsonb, p_do boolean) returns bulk_fate
language plpgsql security definer set search_path = public, pg_temp as $$
declare p person; n integer; newest bigint; today date; day date; last text := p_cells ->> 'last_day';
    field text := case when p_cells ? 'identifier' then 'identifier' else 'mail' end;
begin
    select (now() at time zone time_zone)::date into today from service;
    if last is not null then
        begin
            if last !~ '^\d{4}-\d{2}-\d{2}$' then raise datetime_field_overflow; end if;
            day := last::date;
        exception when datetime_field_overflow or invalid_datetime_format then
            return ('bad', 'day', 'last_day', '', null)::bulk_fate;
        end;
        if day >= today then return ('bad', 'day-to-come', 'last_day', '', null)::bulk_fate; end if;
    end if;
    select count(*) into n from bulk_persons(p_batch.institution, p_cells ->> 'identifier', p_cells ->> 'mail');
    if n = 0 then return ('bad', 'nobody', field, '', null)::bulk_fate; end if;
    if n > 1 then return ('bad', 'several', field, '', null)::bulk_fate; end if;
    select * into p from bulk_persons(p_batch.institution, p_cells ->> 'identifier', p_cells ->> 'mail');
    select max(number) into newest from request
        where person = p.id and state in ('applied', 'approval', 'ready', 'collected', 'renewing', 'renew_ready');
    if newest is null then return ('skip', 'has-nothing', '', '', null)::bulk_fate; end if;
    if p_do then
        perform desk_revoke_with(p_batch.institution, p.id, null, null, jsonb_strip_nulls(jsonb_build_object(
            'reason', coalesce(p_cells ->> 'reason', 'affiliationChanged'), 'batch', p_batch.id, 'note', p_cells ->> 'note')),
            p_batch.actor, p_batch.address, 'batch-' || p_batch.id);
        perform audit(p_batch.actor, p_batch.institution, newest, 'left', p_batch.address, 'batch-' || p_batch.id,
                      jsonb_strip_nulls(jsonb_build_object('batch', p_batch.id, 'person', p.id, 'last_day', last)));
    end if;
    return (case when p_do then 'done' else 'will' end, 'leaves', '', 'person ' || p.id, newest)::bulk_fate;
end $$;
revoke execute on function bulk_leavers from public;
