(function () {
  const slides = Array.from(document.querySelectorAll(".slide"));
  const body = document.body, at = document.getElementById("at");
  const button = { back: document.getElementById("back"), next: document.getElementById("next"), present: document.getElementById("present"), said: document.getElementById("said") };
  let current = 0;
  function show(place, focus) {
    current = Math.max(0, Math.min(slides.length - 1, place));
    slides.forEach(function (slide, k) { slide.classList.toggle("current", k === current); });
    at.textContent = String(current + 1) + " / " + String(slides.length);
    button.back.disabled = current === 0;
    button.next.disabled = current === slides.length - 1;
    if (focus) {
      if (presenting()) { window.scrollTo(0, 0); slides[current].scrollTop = 0; slides[current].focus({ preventScroll: true }); }
      else { slides[current].scrollIntoView({ block: "start" }); }
      window.dispatchEvent(new Event("resize"));  // a chart that was hidden takes its width anew
    }
  }
  function presenting() { return body.classList.contains("presenting"); }
  function present(on) {
    body.classList.toggle("presenting", on);
    button.present.setAttribute("aria-pressed", String(on));
    if (on && document.documentElement.requestFullscreen) { document.documentElement.requestFullscreen().catch(function () {}); }
    if (!on && document.fullscreenElement) { document.exitFullscreen(); }
    show(current, true);
  }
  function notes() { button.said.setAttribute("aria-pressed", String(body.classList.toggle("notes"))); }
  button.back.addEventListener("click", function () { show(current - 1, true); });
  button.next.addEventListener("click", function () { show(current + 1, true); });
  button.present.addEventListener("click", function () { present(!presenting()); });
  button.said.addEventListener("click", notes);
  document.addEventListener("fullscreenchange", function () { if (!document.fullscreenElement && presenting()) { present(false); } });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) { return; }
    const pressed = event.target instanceof Element && event.target.closest("button, summary, a");
    if (pressed && (event.key === " " || event.key === "Enter")) { return; }
    const steps = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 };
    if (event.key in steps) { show(current + steps[event.key], true); }
    else if (event.key === "Home") { show(0, true); }
    else if (event.key === "End") { show(slides.length - 1, true); }
    else if (event.key === "f" || event.key === "F") { present(!presenting()); }
    else if (event.key === "n" || event.key === "N") { notes(); }
    else if (event.key === "Escape" && presenting()) { present(false); }
    else { return; }
    event.preventDefault();
  });
  window.addEventListener("scroll", function () {
    if (presenting()) { return; }
    const line = window.innerHeight * 0.4;
    let seen = 0;
    slides.forEach(function (slide, k) { if (slide.getBoundingClientRect().top <= line) { seen = k; } });
    if (seen !== current) { show(seen, false); }
  }, { passive: true });
  function follow() {  // the address may ask for it: a frame that fills the screen already
    const on = location.hash === "#present";
    body.classList.toggle("presenting", on);
    button.present.setAttribute("aria-pressed", String(on));
    show(current, on);
  }
  window.addEventListener("hashchange", follow);
  follow();
})();
