"use strict";
// Charts answer to the pointer: the value under it, a double click or tap to look
// closer and, when it cannot get closer, to see the whole again (with Shift: a step back), a drag to move.
(() => {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.setAttribute("role", "status");
  tip.hidden = true;
  document.body.append(tip);

  const REACH = 22; // of the pointer, in units of a chart
  const MOST = 8; // times enlarged

  function nearest(points, place) {
    let best = null;
    let distance = REACH;
    for (const point of points) {
      const now = Math.hypot(point[0] - place.x, point[1] - place.y);
      if (now < distance) [best, distance] = [point, now];
    }
    return best;
  }

  function tell(point, event) {
    tip.hidden = point === null;
    if (point === null) return;
    tip.textContent = point[2];
    const left = Math.min(event.clientX + 12, document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${event.clientY + 14}px`;
  }

  for (const svg of document.querySelectorAll(".panel svg[data-points]")) {
    const points = JSON.parse(svg.dataset.points);
    const home = svg.getAttribute("viewBox").trim().split(/\s+/).map(Number);
    let view = home.slice();
    let held = null;

    const show = () => {
      for (const axis of [0, 1]) {
        const end = home[axis] + home[axis + 2] - view[axis + 2];
        view[axis] = Math.min(Math.max(view[axis], home[axis]), end);
      }
      svg.setAttribute("viewBox", view.join(" "));
      svg.classList.toggle("zoomed", view[2] < home[2]);
    };
    const place = (event) =>
      new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());

    svg.addEventListener("pointermove", (event) => {
      const now = place(event);
      if (held) {
        view[0] += held.x - now.x;
        view[1] += held.y - now.y;
        show();
      }
      tell(held ? null : nearest(points, now), event);
    });
    svg.addEventListener("pointerleave", () => {
      tip.hidden = true;
    });
    svg.addEventListener("pointerdown", (event) => {
      if (view[2] === home[2]) return;
      held = place(event);
      svg.setPointerCapture(event.pointerId);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      svg.addEventListener(name, () => {
        held = null;
      });
    }
    svg.addEventListener("dblclick", (event) => {
      event.preventDefault();
      if (!event.shiftKey && view[2] * MOST <= home[2]) {
        view = home.slice();
        show();
        return;
      }
      const centre = place(event);
      const factor = event.shiftKey ? 2 : 0.5;
      const width = Math.min(Math.max(view[2] * factor, home[2] / MOST), home[2]);
      const scale = width / view[2];
      view = [
        centre.x - (centre.x - view[0]) * scale,
        centre.y - (centre.y - view[1]) * scale,
        width,
        view[3] * scale,
      ];
      show();
    });
    svg.dataset.ready = "1";
  }
})();
