// Files that a person attaches: read here, sent as base64 with the message, command or form.

/**
 * @param {FileList | File[]} list
 * @returns {Promise<{filename: string, content_type: string, data: string}[]>}
 */
export function readFiles(list) {
  return Promise.all([...list].map(readFile));
}

async function readFile(file) {
  const url = await new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
  return { filename: file.name, content_type: file.type, data: url.slice(url.indexOf(",") + 1) };
}
