// Figures that are looked at while others work: the page's first section comes anew.

export function live(main) {
  const seconds = Number(main.dataset.live);
  if (!seconds) return;
  setInterval(async () => {
    const section = main.querySelector("section");
    if (document.hidden || section.contains(document.activeElement)) return;
    try {
      const answer = await fetch(main.dataset.path, {headers: {Accept: "text/html"}});
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const other = fresh.querySelector("#main > section");
      if (other && other.innerHTML !== section.innerHTML) section.replaceWith(other);
    } catch {
      // No network: the figures stay as they are until the next try.
    }
  }, seconds * 1000);
}
