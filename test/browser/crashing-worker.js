// The package's worker, behind a listener that goes first and can make it crash.
import './crash-on-demand.js';
import '../../dist/worker/worker.js';
