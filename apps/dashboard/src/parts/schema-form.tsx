import type { Json, JsonObject } from '@weft/contract';
import { useId, useState } from 'react';

/** The part of JSON Schema that a form can be made of; all else is written as JSON. */
export type FormSchema = {
  type?: string;
  enum?: readonly Json[];
  properties?: Readonly<Record<string, FormSchema>>;
  required?: readonly string[];
  description?: string;
  title?: string;
  default?: Json;
  minimum?: number;
  maximum?: number;
};

type FieldProps = {
  name: string;
  schema: FormSchema;
  isRequired: boolean;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
};

/** What a form begins with: the defaults of its schema. */
export function initialValue(schema: FormSchema): Json | undefined {
  if (schema.default !== undefined) return schema.default;
  if (schema.type !== 'object' || !schema.properties) return schema.type === 'boolean' ? false : undefined;
  const given = Object.entries(schema.properties).flatMap(([name, property]): [string, Json][] => {
    const value = property.default ?? (schema.required?.includes(name) === true ? initialValue(property) : undefined);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(given);
}

/** A field, or a group of fields, for a value of the schema. */
export function SchemaField({ name, schema, isRequired, value, onChange }: FieldProps) {
  if (schema.enum) return <Choice {...{ name, schema, isRequired, value, onChange }} />;
  switch (schema.type) {
    case 'object':
      if (schema.properties) return <Group {...{ name, schema, isRequired, value, onChange }} />;
      break;
    case 'boolean':
      return <Check {...{ name, schema, isRequired, value, onChange }} />;
    case 'string':
    case 'number':
    case 'integer':
      return <Entry {...{ name, schema, isRequired, value, onChange }} />;
    default:
  }
  return <AnyJson {...{ name, schema, isRequired, value, onChange }} />;
}

function Group({ name, schema, value, onChange }: FieldProps) {
  const given = (value ?? {}) as JsonObject;
  const set = (key: string, next: Json | undefined) => {
    const { [key]: _, ...others } = given;
    onChange(next === undefined ? others : { ...others, [key]: next });
  };
  return (
    <fieldset>
      <legend>{schema.title ?? name}</legend>
      {schema.description !== undefined && <p className="field-hint">{schema.description}</p>}
      {Object.entries(schema.properties ?? {}).map(([key, property]) => (
        <SchemaField
          key={key}
          name={key}
          schema={property}
          isRequired={schema.required?.includes(key) === true}
          value={given[key]}
          onChange={(next) => set(key, next)}
        />
      ))}
    </fieldset>
  );
}

function Choice({ name, schema, isRequired, value, onChange }: FieldProps) {
  const options = schema.enum ?? [];
  return (
    <label>
      <Label name={name} schema={schema} isRequired={isRequired} />
      <select
        value={value === undefined ? '' : JSON.stringify(value)}
        onChange={(event) => onChange(event.target.value === '' ? undefined : (JSON.parse(event.target.value) as Json))}
      >
        <option value="">–</option>
        {options.map((option) => (
          <option key={JSON.stringify(option)} value={JSON.stringify(option)}>
            {typeof option === 'string' ? option : JSON.stringify(option)}
          </option>
        ))}
      </select>
    </label>
  );
}

function Check({ name, schema, isRequired, value, onChange }: FieldProps) {
  return (
    <label>
      <span className="row">
        <input type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
        <Label name={name} schema={schema} isRequired={isRequired} />
      </span>
    </label>
  );
}

function Entry({ name, schema, isRequired, value, onChange }: FieldProps) {
  const isText = schema.type === 'string';
  const take = (text: string) =>
    onChange(text === '' && !(isText && isRequired) ? undefined : isText ? text : Number(text));
  return (
    <label>
      <Label name={name} schema={schema} isRequired={isRequired} />
      <input
        type={isText ? 'text' : 'number'}
        required={isRequired}
        min={schema.minimum}
        max={schema.maximum}
        step={schema.type === 'integer' ? 1 : 'any'}
        value={typeof value === 'string' || typeof value === 'number' ? value : ''}
        onChange={(event) => take(event.target.value)}
      />
    </label>
  );
}

function AnyJson({ name, schema, isRequired, value, onChange }: FieldProps) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value, null, 2));
  const [isWrong, setWrong] = useState(false);
  const hint = useId();
  const take = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() === '' ? undefined : (JSON.parse(next) as Json));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return (
    <label>
      <Label name={`${name} (JSON)`} schema={schema} isRequired={isRequired} />
      <textarea
        rows={4}
        spellCheck={false}
        value={text}
        aria-invalid={isWrong}
        aria-describedby={hint}
        onChange={(event) => take(event.target.value)}
      />
      <span id={hint} role="status" className="status-failed">
        {isWrong ? 'This is no JSON yet.' : ''}
      </span>
    </label>
  );
}

function Label({ name, schema, isRequired }: { name: string; schema: FormSchema; isRequired: boolean }) {
  return (
    <span>
      {schema.title ?? name}
      {isRequired ? ' (required)' : ''}{' '}
      {schema.description !== undefined && <span className="field-hint">{schema.description}</span>}
    </span>
  );
}
