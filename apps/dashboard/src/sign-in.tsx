import { useState } from 'react';
import type { FormEvent } from 'react';

import { signIn } from './api/session.ts';

/** Asks for a key or the token; it stays in this browser until somebody signs out. */
export function SignIn() {
  const [token, setToken] = useState('');
  const [tenant, setTenant] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn({ token: token.trim(), tenant: tenant.trim() === '' ? null : tenant.trim() });
  };
  return (
    <div className="page">
      <form className="card form" onSubmit={submit}>
        <h1>Sign in</h1>
        <p>
          This server asks for a key. The operator makes one with <code>npx weft keys create</code>; the token of the
          server (<code>WEFT_TOKEN</code>) does as well.
        </p>
        <label>
          Key or token
          <input
            type="password"
            autoComplete="off"
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <label>
          Tenant (for the operator only)
          <input value={tenant} placeholder="default" onChange={(event) => setTenant(event.target.value)} />
        </label>
        <button className="main">Use it</button>
      </form>
    </div>
  );
}
