"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  // Okabe and Ito's palette: told apart with every common kind of colour blindness. A second round is dashed.
  const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b57d00", "#3a9bd4", "#7a7100"];
  const DARK = ["#56b4e9", "#e8792b", "#1fc598", "#e29ac4", "#e69f00", "#8ecdf2", "#f0e442"];
  const MARK_NAMES = ["Bought, maker", "Bought, taker", "Sold, maker", "Sold, taker"];

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const isDark = () => {
    const chosen = root.getAttribute("data-theme");
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const palette = (i) => (isDark() ? DARK : LIGHT)[i % LIGHT.length];
  const dash = (i) => (i < LIGHT.length ? [] : [6, 4]);
  const digits = (x, n) => x.toLocaleString("en-US", { minimumFractionDigits: 0, maximumFractionDigits: n });
  const show = (n, unit) => (u, v) => (v == null ? "–" : digits(v, n) + (unit || ""));
  const seconds = (offsets) => offsets.map((x) => (data.first + x) / 1e6);

  // Joins series that each have times of their own; where one has no point its value stays that of the point before.
  const joined = (all) => {
    const tables = all.map(([times, values]) => [seconds(times), values]);
    const out = tables.length ? uPlot.join(tables, tables.map(() => [2])) : [[]];
    for (const values of out.slice(1)) {
      let last = null;
      for (let i = 0; i < values.length; i++) {
        if (values[i] == null) values[i] = last;
        else last = values[i];
      }
    }
    return out;
  };

  const utc = (t) => uPlot.tzDate(new Date(t * 1e3), "Etc/UTC");
  const span = (data.last - data.first) / 1e6;
  const timeText = (u, v) => {
    if (v == null) return "–";
    const text = new Date(v * 1e3).toISOString().replace("T", " ");
    return span < 120 ? text.slice(11, 23) : text.slice(0, 19);
  };

  // Hours and minutes with the day below where it changes; days where the steps are days.
  const timeLabels = (u, splits, axis, space, step) => {
    let before = "";
    return splits.map((at) => {
      if (at == null) return "";
      const text = new Date(Math.round(at * 1e3)).toISOString();
      const day = text.slice(0, 10);
      if (step >= 86400) return day;
      const clock = step >= 60 ? text.slice(11, 16) : step >= 1 ? text.slice(11, 19) : text.slice(14, 23);
      const label = day === before ? clock : clock + "\n" + day;
      before = day;
      return label;
    });
  };

  const charts = [];
  const width = (host) => Math.max(240, host.clientWidth);
  const compact = (v) => {
    const size = Math.abs(v);
    if (size >= 1e9) return digits(v / 1e9, 2) + "B";
    if (size >= 1e6) return digits(v / 1e6, 2) + "M";
    if (size >= 1e5) return digits(v / 1e3, 1) + "k";
    return digits(v, size < 1 ? 6 : 4);
  };
  const axes = (host, valueText) => {
    const common = {
      stroke: () => css("--muted"),
      font: "12px " + css("--sans"),
      grid: { stroke: () => css("--grid"), width: 1 },
      ticks: { stroke: () => css("--grid"), width: 1, size: 5 },
    };
    const size = (u, values) => {
      const longest = (values || []).reduce((n, x) => Math.max(n, String(x).length), 4);
      return Math.max(64, 18 + longest * 7);
    };
    return [
      { ...common, space: host.clientWidth < 500 ? 74 : 100, values: timeLabels },
      { ...common, size, values: (u, all) => all.map(valueText) },
    ];
  };
  const stepped = uPlot.paths.stepped({ align: 1 });

  const plot = (host, title, data_, series, options) => {
    const heading = document.createElement("h3");
    heading.className = "chart-title";
    heading.textContent = title;
    const chart = new uPlot({
      width: width(host),
      height: options.height,
      tzDate: utc,
      padding: [8, 12, 0, 0],
      cursor: { sync: { key: "time" }, drag: { x: true, y: false } },
      legend: { live: host.clientWidth > 500 },
      scales: { x: { time: true, range: options.xRange }, y: { range: options.range } },
      axes: axes(host, options.axisText || compact),
      series: [{ label: "UTC", value: timeText }, ...series],
    }, data_, host);
    host.insertBefore(heading, host.firstChild);
    charts.push({ chart, host });
    return chart;
  };
  const whole = () => {
    const [a, b] = [data.first / 1e6, data.last / 1e6];
    return b > a ? [a, b] : [a - 0.5, a + 0.5];
  };
  // The whole run unless a part is selected; a run without any length still has an axis.
  const xRange = (u, min, max) => {
    if (!u.zoomed || min == null || max <= min) return whole();
    return [min, max];
  };
  const padded = (zero) => (u, min, max) => {
    if (min == null || max == null || (min === 0 && max === 0)) return [-1, 1];
    if (zero) { min = Math.min(0, min); max = Math.max(0, max); }
    const room = (max - min) * 0.06 || Math.abs(max) * 0.001 || 1;
    return [min === 0 && zero ? 0 : min - room, max === 0 && zero ? 0 : max + room];
  };

  const lines = (text) => data.curves.map((curve, i) => ({
    label: curve.name,
    stroke: () => palette(i),
    width: i === 0 ? 2 : 1.4,
    dash: dash(i),
    paths: stepped,
    points: { show: false },
    value: text,
  }));

  const drawCurves = () => {
    const money = data.currency ? " " + data.currency : "";
    const percent = (v) => digits(v * 100, Math.abs(v) < 0.0001 && v !== 0 ? 5 : 3) + "%";
    plot(byId("chart-equity"), "Net profit and loss" + (money ? "," + money : ""),
      joined(data.curves.map((x) => x.pnl)), lines(show(2)),
      { height: 300, range: padded(true), xRange });
    const text = data.share ? (u, v) => (v == null ? "–" : percent(v)) : show(2);
    plot(byId("chart-drawdown"), data.share ? "Drawdown, share of the highest equity so far" : "Drawdown" + money,
      joined(data.curves.map((x) => x.drawdown)), lines(text),
      { height: 180, range: padded(true), xRange, axisText: data.share ? percent : compact });
  };

  // Triangles up are bought, down are sold; filled gave liquidity, hollow took it.
  const marks = (kind) => (u, seriesIndex) => {
    const context = u.ctx;
    const ratio = devicePixelRatio;
    const [times, values] = [u.data[0], u.data[seriesIndex]];
    const { min, max } = u.scales.x;
    const visible = u.data.slice(2).reduce((all, list) =>
      all + list.reduce((n, v, i) => n + (v != null && times[i] >= min && times[i] <= max ? 1 : 0), 0), 0);
    const size = (visible > 800 ? 2.6 : visible > 200 ? 3.6 : 5) * ratio;
    const up = kind < 2 ? -1 : 1;
    const color = u.series[seriesIndex].stroke(u, seriesIndex);
    context.save();
    context.beginPath();
    context.rect(u.bbox.left - size, u.bbox.top - size, u.bbox.width + 2 * size, u.bbox.height + 2 * size);
    context.clip();
    context.fillStyle = kind % 2 ? css("--card") : color;
    context.strokeStyle = color;
    context.lineWidth = (visible > 800 ? 0.8 : 1.3) * ratio;
    for (let i = 0; i < times.length; i++) {
      if (values[i] == null) continue;
      const x = u.valToPos(times[i], "x", true);
      const y = u.valToPos(values[i], "y", true);
      context.beginPath();
      context.moveTo(x, y + up * size);
      context.lineTo(x - size, y - up * size * 0.7);
      context.lineTo(x + size, y - up * size * 0.7);
      context.closePath();
      context.fill();
      context.stroke();
    }
    context.restore();
    return null;
  };

  const drop = (id) => {
    const host = byId(id);
    for (let i = charts.length - 1; i >= 0; i--) {
      if (charts[i].host === host) { charts[i].chart.destroy(); charts.splice(i, 1); }
    }
    host.textContent = "";
    return host;
  };

  const drawPanel = (panel) => {
    const position = drop("chart-position");
    const fills = drop("chart-fills");
    plot(position, "Position in " + panel.symbol + ", quantity units", joined([panel.position]), [{
      label: "Position", stroke: () => palette(0), fill: () => palette(0) + "22", width: 1.5, paths: stepped,
      points: { show: false }, value: show(0),
    }], { height: 170, range: padded(true), xRange });
    const tables = [panel.price, ...panel.fills].map(([t, v]) => [seconds(t), v]);
    const together = uPlot.join(tables);
    let last = null;
    for (let i = 0; i < together[1].length; i++) {
      if (together[1][i] == null) together[1][i] = last;
      else last = together[1][i];
    }
    const side = (kind) => () => palette(kind < 2 ? 0 : 1);
    const series = [{
      label: "Price", stroke: () => css("--muted"), width: 1, paths: stepped, points: { show: false }, value: show(9),
    }].concat(MARK_NAMES.map((label, kind) => ({
      label: "▲△▼▽"[kind] + " " + label,
      stroke: side(kind), width: 1, paths: marks(kind), points: { show: false }, value: show(9),
    })));
    plot(fills, "Fills on the price of " + panel.symbol, together, series, { height: 340, range: padded(false), xRange });
    const notes = [];
    if (panel.drawn < panel.fillCount) {
      notes.push(digits(panel.drawn, 0) + " of " + digits(panel.fillCount, 0) +
        " fills are drawn: the first, last, lowest and highest of each short span.");
    }
    if (panel.instruments > 1) {
      notes.push(panel.symbol + " has most fills of its " + digits(panel.instruments, 0) + " instruments.");
    }
    notes.push("The price is that at which the position is valued. Drag to zoom, double-click to see all.");
    byId("panel-note").textContent = notes.join(" ");
  };

  // A zoom on one chart is a zoom on all.
  let syncing = false;
  const linkZoom = (entry) => {
    const u = entry.chart;
    if (u.linked) return;
    u.linked = true;
    u.zoomed = true;
    (u.hooks.setScale = u.hooks.setScale || []).push((self, key) => {
      if (key !== "x" || syncing) return;
      syncing = true;
      const { min, max } = self.scales.x;
      for (const other of charts) {
        const shown = other.chart.scales.x;
        if (shown.min !== min || shown.max !== max) other.chart.setScale("x", { min, max });
      }
      syncing = false;
    });
  };
  const showWhole = (u) => {
    const [min, max] = whole();
    syncing = true;
    u.setScale("x", { min, max });
    syncing = false;
  };
  const link = () => charts.forEach((x) => { if (!x.chart.linked) { showWhole(x.chart); linkZoom(x); } });

  drawCurves();
  const select = byId("panel-select");
  if (data.panels.length) drawPanel(data.panels[0]);
  link();
  if (select) {
    select.addEventListener("change", () => { drawPanel(data.panels[Number(select.value)]); link(); });
  }

  const redraw = () => charts.forEach(({ chart }) => chart.redraw(false, true));
  let frame = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => charts.forEach(({ chart, host }) => {
      chart.setSize({ width: width(host), height: chart.height });
    }));
  });
  const button = byId("theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    root.setAttribute("data-theme", isDark() ? "light" : "dark");
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
})();
