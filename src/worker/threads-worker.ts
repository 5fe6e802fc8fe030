/** The worker's script where several threads are asked for. */

import { openThreadPool } from '../web/thread-pool.ts';
import { type Port, serve } from './serve.ts';
import { uncommonFamilies } from './uncommon-families.ts';

serve(globalThis as unknown as Port, openThreadPool, uncommonFamilies);
