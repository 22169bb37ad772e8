// A filter's URL names only what was chosen: fields that are left empty are not sent.

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!detail.elt.matches?.("form.filters")) return;
  for (const [name, value] of [...detail.formData.entries()]) if (!value) detail.formData.delete(name);
});
