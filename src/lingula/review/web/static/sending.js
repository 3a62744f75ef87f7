// Requests that change something carry the session's token; their answers are JSON.

/** A function (path, body) -> answer that throws an Error with a sentence for the reader. */
export function sender(session) {
  return async (path, body) => {
    let answer;
    try {
      answer = await fetch(path, {
        method: "POST",
        headers: {"Content-Type": "application/json", "X-CSRF-Token": session.csrf ?? ""},
        body: JSON.stringify(body),
      });
    } catch {
      throw new Error("No answer from the server");
    }
    const said = await answer.json();
    if (!answer.ok) throw new Error(said.error.message);
    return said;
  };
}
