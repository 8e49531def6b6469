/**
 * Reads YAML 1.2 (core schema) into a JSON value. Runs in a thread of its own, because the parser is synchronous and slow.
 *
 * The tree is walked here rather than turned into a value by the library, so that doubles cost linear time and every
 * place is known. Aliases are refused: a few lines of them stand for gigabytes.
 */
import { DANGEROUS_KEYS, type Json, type ProblemCode } from '@weft/contract';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  type Scalar,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Issue, IssueList } from './issue-list.ts';
import { isStorable } from './json-scan.ts';
import { LineIndex, type PlacedNode } from './source-map.ts';

export type YamlRequest = { text: string; maxDepth: number };
export type YamlAnswer = { ok: true; value: Json; tree: PlacedNode } | { ok: false; errors: Issue[] };

/** Reads one YAML document; never throws. */
export function readYaml(request: YamlRequest): YamlAnswer {
  const reader = new YamlReader(request);
  try {
    return reader.read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return reader.refuseDepth();
  }
}

const CORE_TAG = /^tag:yaml\.org,2002:(?:map|seq|str|int|float|bool|null)$/;

type Path = (string | number)[];

class YamlReader {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #lines: LineIndex;
  readonly #issues = new IssueList();
  #aliasRefused = false;

  constructor({ text, maxDepth }: YamlRequest) {
    this.#text = text;
    this.#maxDepth = maxDepth;
    this.#lines = new LineIndex(text);
  }

  read(): YamlAnswer {
    const document = parseDocument(this.#text, {
      version: '1.2',
      schema: 'core',
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
    });
    const errors = [...document.errors, ...document.warnings];
    if (errors.some((error) => error.code === 'RESOURCE_EXHAUSTION')) return this.refuseDepth();
    for (const error of errors) this.#reportError(error);
    if (this.#issues.items.length > 0) return this.#failed();
    const tree: PlacedNode = { at: offsetOf(document.contents) ?? 0 };
    const value = this.#value(document.contents, [], tree);
    return this.#issues.items.length > 0 ? this.#failed() : { ok: true, value, tree };
  }

  /** The answer to text that exhausts the parser's stack, which only nesting far beyond any limit does. */
  refuseDepth(): YamlAnswer {
    this.#report('limit_depth', [], { at: 0, message: `nested more than ${this.#maxDepth} levels deep` });
    return this.#failed();
  }

  #failed(): YamlAnswer {
    return { ok: false, errors: this.#issues.items };
  }

  #value(node: Node | null, path: Path, place: PlacedNode): Json {
    if (node === null || this.#issues.full) return null;
    const tag = (node as Scalar).tag;
    if (tag !== undefined && !CORE_TAG.test(tag))
      this.#report('unparsable', path, { at: place.at, message: `the tag ${tag} is not supported` });
    if (isAlias(node)) return this.#refuseAlias(node.source, path, place);
    if (isScalar(node)) return this.#scalar(node, path, place);
    if (path.length >= this.#maxDepth) {
      this.#report('limit_depth', path, { at: place.at, message: `nested more than ${this.#maxDepth} levels deep` });
      return null;
    }
    if (isSeq(node)) return this.#sequence(node as YAMLSeq<Node | null>, path, place);
    return isMap(node) ? this.#mapping(node as YAMLMap<Node | null, Node | null>, path, place) : null;
  }

  /** Reported once: the first is enough to know. */
  #refuseAlias(name: string, path: Path, { at }: PlacedNode): null {
    const message = `aliases such as *${name.slice(0, 100)} are not supported: write the value out`;
    if (!this.#aliasRefused) this.#report('unparsable', path, { at, message });
    this.#aliasRefused = true;
    return null;
  }

  #scalar(node: Scalar, path: Path, place: PlacedNode): Json {
    const { value } = node;
    if (typeof value === 'number' && !Number.isFinite(value)) {
      this.#report('invalid_value', path, { at: place.at, message: 'the number is too large, or none' });
    }
    if (typeof value === 'string' && !isStorable(value)) {
      this.#report('invalid_value', path, {
        at: place.at,
        message: 'text must not contain U+0000 or half of a surrogate pair',
      });
    }
    return value as Json;
  }

  #sequence(node: YAMLSeq<Node | null>, path: Path, place: PlacedNode): Json[] {
    const children = (place.children = new Map<string, PlacedNode>());
    return node.items.map((item, index) => {
      const child: PlacedNode = { at: offsetOf(item) ?? place.at };
      children.set(String(index), child);
      return this.#value(item, [...path, index], child);
    });
  }

  #mapping(node: YAMLMap<Node | null, Node | null>, path: Path, place: PlacedNode): Json {
    const children = (place.children = new Map<string, PlacedNode>());
    const entries: [string, Json][] = [];
    for (const { key, value } of node.items) {
      const at = offsetOf(key) ?? offsetOf(value) ?? place.at;
      const name = this.#key(key, path, at);
      if (name === undefined) continue;
      if (children.has(name)) {
        this.#report('duplicate_name', [...path, name], {
          at,
          message: `${JSON.stringify(name.slice(0, 100))} is given twice`,
        });
      }
      const child: PlacedNode = { at };
      children.set(name, child);
      entries.push([name, this.#value(value, [...path, name], child)]);
    }
    return Object.fromEntries(entries);
  }

  /** A key as it is written: `true:` and `1:` name members too. */
  #key(key: Node | null, path: Path, at: number): string | undefined {
    const name = isScalar(key) ? keyText(key) : undefined;
    if (name === undefined) {
      this.#report('unparsable', path, { at, message: 'a key must be text' });
    } else if (DANGEROUS_KEYS.has(name)) {
      this.#report('bad_name', [...path, name], { at, message: `the name ${name} is not allowed` });
    } else if (!isStorable(name)) {
      this.#report('bad_name', [...path, name], {
        at,
        message: 'a name must not contain U+0000 or half of a surrogate pair',
      });
    } else return name;
    return undefined;
  }

  #reportError(error: YAMLError): void {
    const message = error.code === 'MULTIPLE_DOCS' ? 'expected one document, not several' : error.message;
    this.#report('unparsable', [], { at: error.pos[0], message: `not YAML: ${message}` });
  }

  #report(code: ProblemCode, path: Path, { at, message }: { at: number; message: string }): void {
    this.#issues.add(code, path, { message, ...this.#lines.locate(at) });
  }
}

function keyText(key: Scalar): string | undefined {
  if (typeof key.value === 'string') return key.value;
  return key.value === null ? undefined : key.source;
}

function offsetOf(node: Node | null): number | undefined {
  return node?.range?.[0];
}
