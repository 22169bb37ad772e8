// A notice that is said once: closed, it does not come again in this browser. Without storage it comes each time.

const key = (notice) => `likeness.notice.${notice.dataset.notice}`;

function isClosed(notice) {
  try {
    return localStorage.getItem(key(notice)) !== null;
  } catch {
    return false;
  }
}

for (const notice of document.querySelectorAll("[data-notice]")) {
  notice.hidden = isClosed(notice);
  notice.querySelector("[data-notice-close]").addEventListener("click", () => {
    notice.hidden = true;
    try {
      localStorage.setItem(key(notice), "closed");
    } catch {
      // It comes again with the next page.
    }
  });
}
