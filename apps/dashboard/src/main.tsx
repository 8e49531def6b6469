import { createRoot } from 'react-dom/client';

import { App } from './app.tsx';
import './style/base.css';
import './style/shell.css';
import './style/parts.css';
import './style/run.css';

const root = document.getElementById('app');
if (root) createRoot(root).render(<App />);
