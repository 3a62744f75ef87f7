// What a manager changes: definitions, links, sessions.

export function definitions(main, send) {
  for (const button of main.querySelectorAll("[data-save]")) {
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.save);
      const {observation} = field.dataset;
      await told(button, () => send("/definitions", {observation, text: field.value}), "Saved");
    });
  }
}

export function people(main, send) {
  for (const button of main.querySelectorAll("[data-link]")) {
    button.addEventListener("click", async () => {
      const person = Number(button.dataset.link);
      const made = await told(button, () => send("/people/link", {person}), "");
      if (made) button.parentElement.querySelector("output").textContent = made.link;
    });
  }
  for (const button of main.querySelectorAll("[data-revoke]")) {
    button.addEventListener("click", async () => {
      const person = Number(button.dataset.revoke);
      await told(button, () => send("/people/revoke", {person}), "Withdrawn");
    });
  }
}

async function told(button, ask, done) {
  const place = button.parentElement.querySelector(".kept, output");
  button.disabled = true;
  try {
    const answer = await ask();
    place.textContent = done;
    return answer;
  } catch (error) {
    place.textContent = error.message;
    return null;
  } finally {
    button.disabled = false;
  }
}
