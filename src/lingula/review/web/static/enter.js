// The page that a link opens. The token stands behind "#", which browsers send to nobody; it is
// exchanged for a session by a press of a button, so that a program that looks at links uses up none.

import {sender} from "./sending.js";

export function enter() {
  const said = document.getElementById("entering");
  const button = document.getElementById("enter");
  const offer = () => {
    const token = location.hash.slice(1);
    if (!token) return;
    // Out of the address bar and of the history.
    history.replaceState(null, "", "/enter");
    said.textContent = "This link opens one session for you on this device.";
    button.hidden = false;
    button.focus();
    button.onclick = async () => {
      button.disabled = true;
      try {
        await sender({})("/enter", {token});
        location.replace("/");
      } catch (error) {
        said.textContent = `${error.message}.`;
        button.disabled = false;
      }
    };
  };
  addEventListener("hashchange", offer);
  offer();
}
