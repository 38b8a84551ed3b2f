// make dashboard: a live page over the views of customer_tier.  See doc/dashboard.md.
import { App } from './app.mjs';
import { options } from './options.mjs';

try {
  const chosen = options(process.env);
  const app = new App(chosen);
  const port = await app.start();
  console.log(`The dashboard is at http://127.0.0.1:${port}/${chosen.key && `?key=${chosen.key}`}`);
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await app.stop();
      process.exit(0);
    });
  }
} catch (error) {
  console.error(`customer_tier: ${error.message}`);
  process.exit(1);
}
