-- A small shop to profile, and where the workflow notes what it has done. Run it with psql; again, it begins anew.
drop schema if exists shop cascade;
drop schema if exists weft cascade;
create schema shop;
create schema weft;
create table shop.customer (id int primary key, name text not null, email text, country text not null);
create table shop.orders (id int primary key, customer int not null references shop.customer, total numeric, coupon text);
insert into shop.customer
  select n, 'customer ' || n, case when n % 10 = 0 then n || '@example.com' end, 'NL' from generate_series(1, 40) as n;
insert into shop.orders select n, 1 + n % 40, n * 1.5, null from generate_series(1, 200) as n;
create table weft.profile (day date not null, report text not null, findings int not null);
create table weft.done (task text primary key, result jsonb);
