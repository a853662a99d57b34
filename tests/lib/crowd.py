#!/usr/bin/python3
"""A federation's crowd of institutions in the demo's database: what the discovery has to search.

    crowd.py add [N]     N of them (6,000), each with an IdP nobody can log in at
    crowd.py remove      takes all of them away again

Names are built of syllables, in kanji, English and with a reading, as federations have them."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import client  # noqa: E402

PREFIX = "https://crowd-"
ADD = """
begin;
with part (at, kanji, roman, kana) as (values (0, '北', 'kita', 'きた'), (1, '南', 'minami', 'みなみ'), (2, '東', 'higashi', 'ひがし'),
    (3, '西', 'nishi', 'にし'), (4, '中央', 'chuo', 'ちゅうおう'), (5, '山', 'yama', 'やま'), (6, '川', 'kawa', 'かわ'), (7, '海', 'umi', 'うみ'),
    (8, '森', 'mori', 'もり'), (9, '星', 'hoshi', 'ほし')),
crowd as (select n, a.kanji || b.kanji || '第' || n || '大学' as ja, initcap(a.roman || b.roman) || ' University No. ' || n as en,
    a.roman || b.roman as roman, a.kana || b.kana as kana
    from generate_series(1, {n}) n join part a on a.at = n % 10 join part b on b.at = n / 10 % 10),
source as (insert into metadata_source (name, priority) values ('manual', 0) on conflict (name) do update set priority = 0 returning name),
made as (insert into institution (name, organization) select 'Crowd ' || n, 'Crowd ' || n from crowd returning id, name),
linked as (insert into institution_idp (entity_id, institution)
    select '{prefix}' || n || '.example/idp', id from crowd join made on made.name = 'Crowd ' || n)
insert into idp (source, entity_id, xml, name_en, name_ja, search, valid_until)
    select source.name, '{prefix}' || n || '.example/idp', '<EntityDescriptor/>', en, ja,
        '| ' || roman || ' university no ' || n || ' | ' || ja || ' ; ' || kana || ' crowd-' || n || '.example', now() + interval '1 day'
    from crowd, source;
commit;
analyze idp; analyze institution_idp;"""
REMOVE = """
begin;
delete from idp where entity_id like '{prefix}%';
delete from institution_idp where entity_id like '{prefix}%';
delete from institution where name ~ '^Crowd [0-9]+$';
commit;"""


def add(demo, n=6000):
    remove(demo)
    demo.owner(ADD.format(n=n, prefix=PREFIX))


def remove(demo):
    demo.owner(REMOVE.format(prefix=PREFIX))


if __name__ == "__main__":
    what = {"add": add, "remove": remove}.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if not what:
        sys.exit(__doc__)
    what(client.Demo(), *map(int, sys.argv[2:]))
