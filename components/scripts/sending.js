// Files on their way to the server: one as it is, several as one ZIP. Images are not compressed again.
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
const crcOf = async (blob) => {
  let crc = ~0;
  const reader = blob.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const byte of part.value) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255];
  }
  return ~crc >>> 0;
};
// Numbers as a ZIP has them: [value, bytes], the lowest byte first.
const littleEndian = (...numbers) => Uint8Array.from(numbers.flatMap(([value, bytes]) =>
  Array.from({ length: bytes }, (_, place) => Math.floor(value / 256 ** place) % 256)));
const MOST_ENTRIES = 65535;
const MOST_BYTES = 2 ** 32 - 1;
const NEW_YEAR_1980 = 0x21; // a ZIP without times: the same images make the same file

// entries: [{ path, blob }]. The parts are read from where they lie when the file is sent.
const zipped = async (entries, name, tell) => {
  const parts = [];
  const index = [];
  let offset = 0;
  for (const [number, { path, blob }] of entries.entries()) {
    tell(number, entries.length);
    const letters = new TextEncoder().encode(path);
    const common = [[0x0800, 2], [0, 2], [0, 2], [NEW_YEAR_1980, 2], [await crcOf(blob), 4], [blob.size, 4], [blob.size, 4], [letters.length, 2], [0, 2]];
    const head = littleEndian([0x04034b50, 4], [20, 2], ...common);
    parts.push(head, letters, blob);
    index.push(littleEndian([0x02014b50, 4], [20, 2], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]), letters);
    offset += head.length + letters.length + blob.size;
  }
  const listed = index.reduce((sum, part) => sum + part.length, 0);
  const end = littleEndian([0x06054b50, 4], [0, 4], [entries.length, 2], [entries.length, 2], [listed, 4], [offset, 4], [0, 2]);
  return new File([...parts, ...index, end], name, { type: "application/zip" });
};

const sizeOf = (entries) => entries.reduce((sum, { blob }) => sum + blob.size, 0);
// Why these are not sent, in a sentence; "" if they are.
const whyTooMuch = (entries, most) => {
  const megabytes = grouped(Math.floor(Math.min(most, MOST_BYTES) / 1048576));
  if (sizeOf(entries) > Math.min(most, MOST_BYTES)) return say("This is too large: at most {megabytes} MB are accepted.", { megabytes });
  if (entries.length > MOST_ENTRIES) return say("These are too many files: at most {most} at once.", { most: grouped(MOST_ENTRIES) });
  return "";
};

// The path under which the server keeps it. tell: the share that has gone. Rejects with a sentence.
const sent = (file, tell, signal) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest();
  const form = new FormData();
  form.append("files", file, file.name);
  request.open("POST", "gradio_api/upload");
  request.upload.onprogress = (event) => event.lengthComputable && tell(event.loaded / event.total);
  request.onload = () => (request.status === 200 ? resolve(JSON.parse(request.responseText)[0]) : reject(new Error(request.responseText.trim())));
  request.onerror = () => reject(new Error(say("The server could not be reached.")));
  request.onabort = () => reject(new Error(say("Cancelled.")));
  signal.addEventListener("abort", () => request.abort());
  request.send(form);
});

// Sends files, with progress and Cancel in `place`, and tells the server's path with the event `upload`.
const sending = (place) => {
  let cancelling = null;
  const show = (words, share) => redraw(place, words ? [
    h("span", {}, words),
    share === undefined ? null : h("progress", { max: 1, value: share === null ? null : share, "aria-label": words }),
    share === undefined ? null : h("button", { type: "button", class: "ui-small-button", "data-focus": "cancel", onclick: () => cancelling?.abort() }, say("Cancel")),
  ] : []);
  const send = async (entries, name, most) => {
    if (cancelling || !entries.length) return;
    const why = whyTooMuch(entries, most);
    if (why) { show(why); return; }
    cancelling = new AbortController();
    const { signal } = cancelling;
    try {
      const alone = entries.length === 1 && !entries[0].packed;
      show(say("Preparing"), null);
      const file = alone ? entries[0].blob : await zipped(entries, name, (done, all) => { signal.throwIfAborted(); show(say("Preparing"), done / all); });
      const path = await sent(file, (share) => show(say("Sending"), share), signal);
      show("");
      trigger("upload", { path });
    } catch (error) {
      show(signal.aborted ? say("Cancelled.") : error.message || say("The files could not be read."));
    } finally {
      cancelling = null;
    }
  };
  return { send, show };
};
