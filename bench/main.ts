// usage: npm run bench -- NAME …   (see README.md beside this file)
const names = process.argv.slice(2);
if (names.length === 0) {
  console.error(
    "which one? video, images, pixels, transforms, chain, convert, store, index, safety, lossless, record, preview",
  );
  process.exit(2);
}
for (const name of names) await import(`./${name}.js`);
