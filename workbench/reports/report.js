"use strict";
(function () {
  const items = JSON.parse(document.getElementById("charts").textContent);
  const drawn = Object.keys(items).map(function (name) {
    const target = document.getElementById("chart-" + name);
    return Bokeh.embed.embed_item(Object.assign({ target_id: target.id }, items[name]), target.id);
  });
  Promise.all(drawn).then(function (managers) {
    const views = {};
    managers.forEach(function (manager, place) { views[Object.keys(items)[place]] = manager.roots[0]; });
    // On paper a chart is a drawing that scales; a canvas would keep the width of the screen.
    function forPaper() {
      Object.keys(views).forEach(function (name) {
        const holder = document.getElementById("paper-" + name);
        const picture = views[name].export("svg").canvas;
        const width = picture.getAttribute("width"), height = picture.getAttribute("height");
        picture.setAttribute("viewBox", "0 0 " + width + " " + height);
        picture.setAttribute("width", "100%");
        picture.removeAttribute("height");
        picture.removeAttribute("style");
        holder.replaceChildren(picture);
      });
    }
    window.addEventListener("beforeprint", forPaper);
    document.documentElement.dataset.drawn = String(managers.length);
  });
})();
