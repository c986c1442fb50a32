// Keeps the newest line in sight for whoever is at the end of the list, and no more lines than a page can bear.

const MOST_LINES = 3000;
const NEAR_END_PX = 40;

const lines = document.querySelector("[data-live]");
let following = true;

lines.addEventListener("scroll", () => {
  following = lines.scrollHeight - lines.scrollTop - lines.clientHeight < NEAR_END_PX;
});

function toEnd() {
  while (lines.childElementCount > MOST_LINES) lines.firstElementChild.remove();
  if (following) lines.scrollTop = lines.scrollHeight;
}

new MutationObserver(toEnd).observe(lines, { childList: true });
toEnd();
