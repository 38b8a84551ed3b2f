// Pictures in a browser: nothing lies outside of the sheet, no two texts overlap, and all
// texts can be told from what is beneath them, in light and in dark.
//
//	SHOTS=directory node pictures.mjs FILE DIRECTORY
//
// The file has a line of JSON for each picture, see pictures.sql; the directory has pictures
// as *.svg, and pages with pictures in them as *.html.  What is wrong is told; the last line
// counts.
import fs from 'node:fs';
import { chromium } from 'playwright-core';

const [file, directory] = process.argv.slice(2);
const frame = (svg) => `<!doctype html><meta charset="utf-8"><body style="margin:0">${svg}`;
const pages = fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line))
  .map(({ name, svg }) => ({ name, html: frame(svg) }));
for (const name of fs.readdirSync(directory).sort()) {
  const text = fs.readFileSync(`${directory}/${name}`, 'utf8');
  pages.push({ name, html: name.endsWith('.html') ? text : frame(text) });
}

// runs in the page; returns what is wrong with a picture in it
function faultsOfPicture(svg) {
  const faults = [];
  // only what lies within the window can be asked for by its place
  svg.scrollIntoView();
  const first = [...svg.children].slice(0, 2).map((child) => child.localName).join();
  if (svg.getAttribute('role') !== 'img' || first !== 'title,desc' || !svg.querySelector('desc').textContent) {
    faults.push('has no role, title and desc');
  }

  const sheet = svg.viewBox.baseVal;
  const slack = 1;
  const texts = [];
  for (const element of svg.querySelectorAll('rect, line, circle, path, text')) {
    const box = element.getBBox();
    const name = element.localName === 'text' ? JSON.stringify(element.lastChild.textContent) : element.localName;
    if (box.x < -slack || box.y < -slack || box.x + box.width > sheet.width + slack ||
        box.y + box.height > sheet.height + slack) {
      faults.push(`${name} lies outside`);
    }
    if (element.localName === 'text') {
      // the line is higher than its letters
      const part = box.height * 0.18;
      texts.push({
        element, name, x: box.x, y: box.y + part, right: box.x + box.width, bottom: box.y + box.height - part,
      });
    }
  }
  texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
    if (Math.min(a.right, b.right) - Math.max(a.x, b.x) > slack &&
        Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y) > slack) {
      faults.push(`${a.name} and ${b.name} overlap`);
    }
  }));

  const rgb = (colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number);
  const luminance = (colour) => colour.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  for (const text of texts) {
    const at = text.element.getBoundingClientRect();
    const below = document.elementsFromPoint(at.x + at.width / 2, at.y + at.height / 2)
      .filter((e) => ['rect', 'path'].includes(e.localName) && getComputedStyle(e).fill !== 'none').reverse();
    const ground = below.reduce((under, e) => {
      const style = getComputedStyle(e);
      const opacity = Number(style.fillOpacity);
      return rgb(style.fill).map((c, i) => c * opacity + under[i] * (1 - opacity));
    }, [255, 255, 255]);
    const letters = text.element.querySelector('tspan') ?? text.element;
    const [low, high] = [luminance(ground), luminance(rgb(getComputedStyle(letters).fill))].sort((a, b) => a - b);
    if ((high + 0.05) / (low + 0.05) < 3.4) {
      faults.push(`${text.name} cannot be told from its ground (${((high + 0.05) / (low + 0.05)).toFixed(1)})`);
    }
  }
  return faults;
}

// as root a browser has no sandbox
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
});
const size = { width: 800, height: 4000 };
let passed = 0;
let failed = 0;
for (const colorScheme of ['light', 'dark']) {
  const page = await browser.newPage({ viewport: size, colorScheme });
  const told = [];
  page.on('console', (message) => told.push(message.text()));
  page.on('pageerror', (error) => told.push(error.message));
  page.on('request', (request) => told.push(`asks for ${request.url()}`));
  for (const { name, html } of pages) {
    const faults = [];
    for (const [source] of html.matchAll(/<svg.*?<\/svg>/gs)) {
      if (await page.evaluate((text) => new DOMParser().parseFromString(text, 'image/svg+xml')
        .querySelector('parsererror') !== null, source)) {
        faults.push('is not well-formed XML');
      }
    }
    await page.setContent(html);
    const pictures = await page.$$('svg');
    for (const picture of pictures) {
      faults.push(...await picture.evaluate(faultsOfPicture));
    }
    if (pictures.length === 0) {
      faults.push('has no picture');
    }
    if (process.env.SHOTS) {
      await page.screenshot({ path: `${process.env.SHOTS}/${name}-${colorScheme}.png`, fullPage: true });
    }
    if (name.endsWith('.html')) {
      await page.setViewportSize({ width: 360, height: 800 });
      if (await page.evaluate(() => document.documentElement.scrollWidth > 360)) {
        faults.push('is wider than a phone');
      }
      await page.setViewportSize(size);
    }
    faults.push(...told.splice(0));
    for (const fault of faults.slice(0, 5)) {
      console.log(`${name} (${colorScheme}): ${fault}`);
    }
    if (faults.length > 0) {
      failed++;
    } else {
      passed++;
    }
  }
  await page.close();
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
