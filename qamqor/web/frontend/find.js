
// The box that finds people: `/` leads to it, the arrows walk its answers, Escape closes them.
const finder = document.querySelector("[data-find]");
const enough = (text) => text.replace(/\P{L}/gu, "").length > 1 || text.replace(/\D/g, "").length > 3;

function answers() {
  return [...document.querySelectorAll("[data-find] [data-found]")].filter((one) => one.offsetParent);
}
function closeAnswers() {
  document.getElementById("found")?.replaceChildren();
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "find" && !enough(event.target.value)) {
    event.preventDefault();
    closeAnswers();
  }
});
// An answer that comes after the box was left or emptied is not shown any more.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.target.id === "found" && !enough(document.getElementById("find").value)) event.detail.shouldSwap = false;
});
document.addEventListener("keydown", (event) => {
  const box = document.getElementById("find");
  if (!box || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !event.target.matches("input, textarea, select")) {
    event.preventDefault();
    box.focus();
    box.select();
    return;
  }
  if (!finder.contains(event.target)) return;
  const found = answers();
  const at = found.indexOf(document.activeElement);
  if (event.key === "ArrowDown" && found.length) (found[at + 1] ?? found.at(-1)).focus();
  else if (event.key === "ArrowUp" && at >= 0) (found[at - 1] ?? box).focus();
  else if (event.key === "Escape" && !finder.matches(".q-search")) {
    closeAnswers();
    box.focus();
  } else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => {
  if (finder && !finder.contains(event.target) && !finder.matches(".q-search")) closeAnswers();
});
