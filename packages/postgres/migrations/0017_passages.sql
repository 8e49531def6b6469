-- Texts in pieces, to be found by their words and by their meaning.

-- version rises with each change, so that processes need not read the vectors that they know.
create table passage_collection (
  tenant text collate "C" not null,
  name text collate "C" not null,
  model text not null,
  dimensions int not null,
  language text not null,
  version bigint not null default 0,
  created_at timestamptz not null default now(),
  primary key (tenant, name)
);

create table passage_document (
  tenant text collate "C" not null,
  collection text collate "C" not null,
  id text collate "C" not null,
  hash text not null,
  title text,
  metadata jsonb not null,
  updated_at timestamptz not null default now(),
  primary key (tenant, collection, id),
  foreign key (tenant, collection) references passage_collection on delete cascade
);

-- vector: float4 numbers, little endian, of length 1 all together. start, stop: where in the text of its document.
create table passage (
  tenant text collate "C" not null,
  collection text collate "C" not null,
  document text collate "C" not null,
  ordinal int not null,
  text text not null,
  start int not null,
  stop int not null,
  vector bytea not null,
  words tsvector not null,
  primary key (tenant, collection, document, ordinal),
  foreign key (tenant, collection, document) references passage_document on delete cascade
);
-- Vectors do not shrink.
alter table passage alter column vector set storage external;
create index passage_words_idx on passage using gin (words);
