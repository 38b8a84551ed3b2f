// The one place where a name becomes SQL.  Names come from the catalog, never from a request.
export function quoted(...names) {
  return names.map((name) => `"${String(name).replaceAll('"', '""')}"`).join('.');
}
