// Search among the reader's own reports. What is looked for goes in a request's body, never in an
// address.

const PAUSE = 200;

/** Lists what `field` asks for in `list`; `open`, if given, opens a report without leaving the page. */
export function searchList(field, list, send, open) {
  if (!field) return;
  let timer = 0, asked = 0;
  const look = async () => {
    const mine = ++asked;
    try {
      const found = await send("/search", {words: field.value});
      if (mine === asked) list.replaceChildren(...found.map((item) => entry(item, open)));
    } catch (error) {
      if (mine === asked) list.textContent = error.message;
    }
  };
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") list.querySelector("a")?.click();
  });
  look();
}

function entry(item, open) {
  const line = document.createElement("li");
  line.value = item.position;
  const link = document.createElement("a");
  link.href = `/read/${item.report}`;
  link.textContent = item.name;
  link.addEventListener("click", (event) => {
    if (!open) return;
    event.preventDefault();
    open(item.report);
  });
  const state = item.flag ? "flagged" : item.submitted ? "submitted" : "open";
  line.append(link, ` ${state}`);
  return line;
}
