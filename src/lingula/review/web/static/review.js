// Begins on every page; which part of it works is what the page's main element says.

import {people, definitions} from "./manager.js";
import {enter} from "./enter.js";
import {live} from "./live.js";
import {Reader} from "./reader.js";
import {searchList} from "./search.js";
import {sender} from "./sending.js";

const main = document.getElementById("main");
const session = {
  person: Number(document.body.dataset.person),
  csrf: document.body.dataset.csrf,
  page: document.body.dataset.page,
};
const send = sender(session);

document.getElementById("leave")?.addEventListener("click", async () => {
  await send("/leave", {});
  location.assign("/enter");
});

switch (main.dataset.view) {
  case "enter":
    enter();
    break;
  case "report":
  case "dispute":
    new Reader(session, send);
    break;
  case "progress":
    searchList(document.getElementById("list-words"), document.getElementById("list-found"), send);
    live(main);
    break;
  case "disputes":
  case "agreement":
    live(main);
    break;
  case "definitions":
    definitions(main, send);
    break;
  case "people":
    people(main, send);
    break;
}
