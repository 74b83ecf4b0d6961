"use strict";
(() => {
  const began = performance.now();
  const data = JSON.parse(document.getElementById("data").textContent);
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);

  // Okabe and Ito's palette: told apart with every common kind of colour blindness. A second round is dashed.
  const LIGHT = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b57d00", "#3a9bd4", "#7a7100"];
  const DARK = ["#56b4e9", "#e8792b", "#1fc598", "#e29ac4", "#e69f00", "#8ecdf2", "#f0e442"];
  const MARK_NAMES = ["Bought, maker", "Bought, taker", "Sold, maker", "Sold, taker"];
  // The most points of a series that are drawn at once: four for each pixel of a wide screen.
  const BUCKETS = 2000;
  // The most marks of one kind that are drawn at once.
  const MARKS = 1500;

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  let printing = false;
  const isDark = () => {
    if (printing) return false;
    const chosen = root.getAttribute("data-theme");
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  };
  const palette = (i) => (isDark() ? DARK : LIGHT)[i % LIGHT.length];
  const dash = (i) => (i < LIGHT.length ? [] : [6, 4]);
  const digits = (x, least, most) =>
    x.toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });
  const show = (least, most, unit) => (u, v) => (v == null ? "–" : digits(v, least, most) + (unit || ""));

  // Series come as differences: times in microseconds since the first message, values in units.
  const decode = (series) => {
    const times = new Float64Array(series.t.length);
    const values = new Float64Array(series.v.length);
    let [at, value] = [data.first, 0];
    for (let i = 0; i < times.length; i++) {
      times[i] = (at += series.t[i]) / 1e6;
      values[i] = (value += series.v[i]) * series.unit;
    }
    return { times, values };
  };
  const after = (times, at) => {
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  // The places within a view that draw the same picture as all: first, lowest, highest and last of each bucket (M4), and
  // one beyond either end.
  const reduce = ({ times, values }, [min, max], buckets) => {
    const start = Math.max(0, after(times, min) - 1);
    const end = Math.min(times.length, after(times, max) + 1);
    const places = [];
    if (end - start <= 4 * buckets) {
      for (let i = start; i < end; i++) places.push(i);
      return places;
    }
    const width = (max - min) / buckets || 1;
    let i = start;
    while (i < end) {
      const bucket = Math.floor((times[i] - min) / width);
      let [low, high, last] = [i, i, i];
      for (let k = i; k < end && Math.floor((times[k] - min) / width) === bucket; k++) {
        if (values[k] < values[low]) low = k;
        if (values[k] > values[high]) high = k;
        last = k;
      }
      for (const place of [i, Math.min(low, high), Math.max(low, high), last]) {
        if (places.length === 0 || places[places.length - 1] < place) places.push(place);
      }
      i = last + 1;
    }
    return places;
  };
  const taken = (series, places) => [
    places.map((i) => series.times[i]),
    places.map((i) => series.values[i]),
  ];

  // Joins series that each have times of their own; where one has no point its value stays that of the point before.
  const carry = (values) => {
    let last = null;
    for (let i = 0; i < values.length; i++) {
      if (values[i] == null) values[i] = last;
      else last = values[i];
    }
    return values;
  };
  const joined = (all, view) => {
    const tables = all.map((series) => taken(series, reduce(series, view, BUCKETS)));
    if (tables.length === 0) return [[]];
    const out = uPlot.join(tables, tables.map(() => [2]));
    out.slice(1).forEach(carry);
    return out;
  };

  const utc = (t) => uPlot.tzDate(new Date(t * 1e3), "Etc/UTC");
  const whole = (() => {
    const [a, b] = [data.first / 1e6, data.last / 1e6];
    return b > a ? [a, b] : [a - 0.5, a + 0.5];
  })();
  let view = whole;
  const timeText = (u, v) => {
    if (v == null) return "–";
    const text = new Date(v * 1e3).toISOString().replace("T", " ");
    return view[1] - view[0] < 120 ? text.slice(11, 23) : text.slice(0, 19);
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
  const width = (host) => (printing ? 660 : Math.max(240, host.clientWidth));
  const compact = (v) => {
    if (v == null) return "";
    const size = Math.abs(v);
    if (size >= 1e9) return digits(v / 1e9, 0, 2) + "B";
    if (size >= 1e6) return digits(v / 1e6, 0, 2) + "M";
    if (size >= 1e5) return digits(v / 1e3, 0, 1) + "k";
    return digits(v, 0, size < 1 ? 6 : 4);
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
  const padded = (zero) => (u, min, max) => {
    if (min == null || max == null || (min === 0 && max === 0)) return [-1, 1];
    if (zero) { min = Math.min(0, min); max = Math.max(0, max); }
    const room = (max - min) * 0.06 || Math.abs(max) * 0.001 || 1;
    return [min === 0 && zero ? 0 : min - room, max === 0 && zero ? 0 : max + room];
  };

  // A view of one chart is the view of all.
  const setView = (min, max) => {
    const started = performance.now();
    const least = 1e-5;
    if (!(max > min)) return;
    if (max - min < least) [min, max] = [(min + max - least) / 2, (min + max + least) / 2];
    view = [Math.max(min, whole[0]), Math.min(max, whole[1])];
    if (!(view[1] > view[0])) view = whole;
    for (const { chart, build } of charts) {
      chart.batch(() => {
        chart.setData(build(), false);
        chart.setScale("x", { min: view[0], max: view[1] });
      });
    }
    const isWhole = view[0] === whole[0] && view[1] === whole[1];
    document.querySelectorAll("[data-zoom=all],[data-zoom=out]").forEach((x) => { x.disabled = isWhole; });
    // For whoever measures: how long the last zoom took, drawing included.
    requestAnimationFrame(() => { root.dataset.zoomMs = (performance.now() - started).toFixed(1); });
  };
  const zoom = (factor, center) => {
    const middle = center == null ? (view[0] + view[1]) / 2 : center;
    setView(middle - (middle - view[0]) * factor, middle + (view[1] - middle) * factor);
  };
  const pan = (share) => {
    const step = (view[1] - view[0]) * share;
    const kept = Math.max(whole[0] - view[0], Math.min(step, whole[1] - view[1]));
    setView(view[0] + kept, view[1] + kept);
  };

  // What the legend shows is also said, a moment after the cursor rests.
  let said = 0;
  const say = (chart) => {
    clearTimeout(said);
    said = setTimeout(() => {
      const index = chart.cursor.idx;
      if (index == null) return;
      const parts = chart.series.map((x, i) => {
        if (!x.show && i > 0) return "";
        return x.label + " " + x.value(chart, chart.data[i][index], i, index);
      });
      byId("spoken").textContent = parts.filter(Boolean).join(", ");
    }, 150);
  };

  const keys = (host, entry) => (event) => {
    const { chart } = entry;
    const times = chart.data[0];
    const moveTo = (index) => {
      const kept = Math.max(0, Math.min(times.length - 1, index));
      const left = chart.valToPos(times[kept], "x");
      chart.setCursor({ left: Math.max(0, Math.min(left, chart.over.clientWidth)), top: 10 });
      say(chart);
    };
    const move = (steps) => {
      const now = chart.cursor.idx == null ? (steps > 0 ? -1 : times.length) : chart.cursor.idx;
      moveTo(now + steps);
    };
    const actions = {
      ArrowLeft: () => (event.shiftKey ? pan(-0.25) : move(-1)),
      ArrowRight: () => (event.shiftKey ? pan(0.25) : move(1)),
      PageUp: () => move(-Math.ceil(times.length / 20)),
      PageDown: () => move(Math.ceil(times.length / 20)),
      Home: () => moveTo(0),
      End: () => moveTo(times.length - 1),
      "+": () => zoom(0.5),
      "=": () => zoom(0.5),
      "-": () => zoom(2),
      "0": () => setView(...whole),
    };
    if (event.target !== host || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actions[event.key];
    if (action) { event.preventDefault(); action(); }
  };

  // Legends are buttons: they show and hide their series.
  const makeLegend = (chart) => {
    chart.root.querySelectorAll(".u-legend .u-series").forEach((row, i) => {
      const head = row.querySelector("th");
      if (i === 0 || !head) return;
      head.tabIndex = 0;
      head.setAttribute("role", "button");
      head.setAttribute("aria-pressed", "true");
      head.title = "Show or hide";
      head.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        chart.setSeries(i, { show: !chart.series[i].show });
      });
    });
  };

  const plot = (host, title, build, series, options) => {
    const heading = document.createElement("h3");
    heading.className = "chart-title";
    heading.textContent = title;
    const onSelect = (u) => {
      if (u.select.width < 3) return;
      const [from, to] = [u.posToVal(u.select.left, "x"), u.posToVal(u.select.left + u.select.width, "x")];
      u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      setView(from, to);
    };
    const chart = new uPlot({
      width: width(host),
      height: options.height,
      tzDate: utc,
      padding: [8, 12, 0, 0],
      cursor: {
        sync: { key: "time", setSeries: false, filters: { pub: (type) => type === "mousemove" || type === "mouseleave" } },
        drag: { x: true, y: false, setScale: false },
        bind: { dblclick: () => () => { setView(...whole); return null; } },
        ...(options.dataIdx ? { dataIdx: options.dataIdx } : {}),
      },
      legend: { live: host.clientWidth > 500 || options.alwaysLive },
      scales: {
        x: { time: true, range: (u, min, max) => (min == null ? view : [min, max]) },
        y: { range: options.range, distr: options.log ? 3 : 1 },
      },
      axes: axes(host, options.axisText || compact),
      series: [{ label: "UTC", value: timeText }, ...series],
      hooks: {
        setSelect: [onSelect],
        setSeries: [(u, i) => {
          const head = i == null ? null : u.root.querySelectorAll(".u-legend .u-series")[i];
          if (head) head.querySelector("th").setAttribute("aria-pressed", String(u.series[i].show !== false));
        }],
      },
    }, build(), host);
    chart.batch(() => chart.setScale("x", { min: view[0], max: view[1] }));
    host.insertBefore(heading, host.firstChild);
    const entry = { chart, host, build };
    charts.push(entry);
    makeLegend(chart);
    host.tabIndex = 0;
    host.onkeydown = keys(host, entry);
    return chart;
  };
  const drop = (id) => {
    const host = byId(id);
    for (let i = charts.length - 1; i >= 0; i--) {
      if (charts[i].host === host) { charts[i].chart.destroy(); charts.splice(i, 1); }
    }
    host.textContent = "";
    return host;
  };

  const curves = data.curves.map((x) => {
    const pnl = decode(x.pnl);
    const equity = { times: pnl.times, values: pnl.values.map((v) => v + x.cash) };
    return { name: x.name, pnl, equity, drawdown: decode(x.drawdown) };
  });
  const isPositive = curves.every((x) => x.equity.values.every((v) => v > 0));
  const line = (label, i, text) => ({
    label,
    stroke: () => palette(i),
    width: i === 0 ? 2 : 1.4,
    dash: dash(i),
    paths: stepped,
    points: { show: false },
    value: text,
  });
  const lines = (text) => curves.map((curve, i) => line(curve.name, i, text));
  const money = data.currency ? " " + data.currency : "";

  const drawEquity = (log) => {
    const title = (log ? "Equity" : "Net profit and loss") + (money ? "," + money : "") + (log ? ", log scale" : "");
    const build = () => joined(curves.map((x) => (log ? x.equity : x.pnl)), view);
    const range = log ? (u, min, max) => (min == null ? [1, 10] : [min - (max - min) * 0.06 - min * 1e-6, max + (max - min) * 0.06 + max * 1e-6]) : padded(true);
    plot(drop("chart-equity"), title, build, lines(show(2, 2)), { height: 300, range, log });
  };
  const drawDrawdown = () => {
    const percent = (v) => (v == null ? "–" : digits(v * 100, 0, Math.abs(v) < 0.0001 && v !== 0 ? 5 : 3) + "%");
    const text = data.share ? (u, v) => percent(v) : show(2, 2);
    const title = data.share ? "Drawdown, share of the highest equity so far" : "Drawdown" + money;
    plot(byId("chart-drawdown"), title, () => joined(curves.map((x) => x.drawdown), view), lines(text),
      { height: 180, range: padded(true), axisText: data.share ? percent : compact });
  };
  const drawRolling = () => {
    const host = byId("chart-rolling");
    if (!host || data.rolling.t.length < 2) { if (host) host.remove(); return; }
    const rolling = decode(data.rolling);
    const title = "Sharpe ratio of the last " + data.rollingDays + " days, all together";
    plot(host, title, () => joined([rolling], view), [line("Sharpe", 0, show(2, 2))], { height: 180, range: padded(true) });
  };

  // Triangles up are bought, down are sold; filled gave liquidity, hollow took it.
  const marks = (kind) => (u, seriesIndex) => {
    const context = u.ctx;
    const ratio = devicePixelRatio;
    const [times, values] = [u.data[0], u.data[seriesIndex]];
    const visible = u.data.slice(2).reduce((all, list) => all + list.reduce((n, v) => n + (v == null ? 0 : 1), 0), 0);
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

  const drawSeries = (source) => {
    const box = byId("series");
    [...box.children].forEach((x) => drop(x.id));
    box.textContent = "";
    source.series.forEach((series, i) => {
      const host = document.createElement("div");
      host.id = "chart-series-" + i;
      host.className = "chart";
      host.setAttribute("role", "group");
      host.setAttribute("aria-label", series.name + " over time; arrow keys read values");
      box.append(host);
      const decoded = decode(series);
      plot(host, "Recorded: " + series.name, () => joined([decoded], view), [line(series.name, i, show(0, 6))],
        { height: 150, range: padded(false) });
    });
  };
  const drawPanel = (source) => {
    drawSeries(source);
    if (source.fillCount === 0) {
      drop("chart-position");
      drop("chart-fills");
      byId("panel-note").textContent = "There are no fills.";
      return;
    }
    const [price, position] = [decode(source.price), decode(source.position)];
    const fills = source.fills.map((x) => ({ ...decode(x), reason: x.reason, quantity: x.quantity }));
    plot(drop("chart-position"), "Position in " + source.symbol + ", quantity units", () => joined([position], view),
      [{ ...line("Position", 0, show(0, 0)), fill: () => palette(0) + "22", width: 1.5 }],
      { height: 170, range: padded(true) });
    let details = [];
    let hidden = 0;
    const build = () => {
      const places = fills.map((x) => {
        const inside = after(x.times, view[1]) - after(x.times, view[0]);
        const kept = reduce(x, view, inside > MARKS ? MARKS / 4 : MARKS);
        return kept.filter((i) => x.times[i] >= view[0] && x.times[i] <= view[1]);
      });
      const inside = fills.reduce((n, x) => n + after(x.times, view[1]) - after(x.times, view[0] - 1e-9), 0);
      hidden = Math.max(0, inside - places.reduce((n, x) => n + x.length, 0));
      // Several fills at one time are one mark; all of them are told.
      details = fills.map((x, kind) => {
        const told = new Map();
        for (const i of places[kind]) {
          const text = digits(x.values[i], 0, 9) + " × " + digits(x.quantity[i], 0, 0) + ", " + source.reasons[x.reason[i]];
          const before = told.get(x.times[i]);
          told.set(x.times[i], before ? before + "; " + text : text);
        }
        return told;
      });
      const tables = fills.map((x, kind) => taken(x, places[kind])).map(([t, v]) => {
        const once = new Map(t.map((at, i) => [at, v[i]]));
        return [[...once.keys()], [...once.values()]];
      });
      const out = uPlot.join([taken(price, reduce(price, view, BUCKETS)), ...tables]);
      carry(out[1]);
      byId("panel-note").textContent = panelNote(source, hidden);
      return out;
    };
    const side = (kind) => () => palette(kind < 2 ? 0 : 1);
    const told = (kind) => (u, v, i, index) =>
      (v == null || index == null ? "–" : details[kind].get(u.data[0][index]) || digits(v, 0, 9));
    const series = [{ ...line("Price", 0, show(0, 9)), stroke: () => css("--muted"), width: 1 }].concat(
      MARK_NAMES.map((label, kind) => ({
        label: "▲△▼▽"[kind] + " " + label,
        stroke: side(kind), width: 1, paths: marks(kind), points: { show: false }, value: told(kind),
      })));
    // The nearest mark within a few pixels is hovered, not only one that is exactly there.
    const dataIdx = (u, seriesIndex, index) => {
      if (seriesIndex < 2 || u.data[seriesIndex][index] != null) return index;
      const values = u.data[seriesIndex];
      const near = u.cursor.left;
      let [best, distance] = [index, 14];
      for (const step of [-1, 1]) {
        for (let i = index + step; i >= 0 && i < values.length; i += step) {
          const away = Math.abs(u.valToPos(u.data[0][i], "x") - near);
          if (away >= distance) break;
          if (values[i] != null) { [best, distance] = [i, away]; break; }
        }
      }
      return best;
    };
    plot(drop("chart-fills"), "Fills on the price of " + source.symbol, build, series,
      { height: 340, range: padded(false), dataIdx, alwaysLive: true });
  };
  const panelNote = (source, hidden) => {
    const notes = [];
    if (source.drawn < source.fillCount) {
      notes.push(digits(source.drawn, 0, 0) + " of " + digits(source.fillCount, 0, 0) +
        " fills are in this file: the first, last, lowest and highest of each short span.");
    }
    if (hidden > 0) notes.push(digits(hidden, 0, 0) + " fills are hidden behind others: zoom in to see them.");
    if (source.instruments > 1) {
      notes.push(source.symbol + " has most fills of its " + digits(source.instruments, 0, 0) + " instruments.");
    }
    notes.push("The price is that at which the position is valued.");
    return notes.join(" ");
  };

  drawEquity(false);
  drawDrawdown();
  drawRolling();
  const select = byId("panel-select");
  if (data.panels.length) drawPanel(data.panels[0]);
  if (select) select.addEventListener("change", () => drawPanel(data.panels[Number(select.value)]));

  document.querySelectorAll("[data-zoom]").forEach((button) => {
    const actions = { in: () => zoom(0.5), out: () => zoom(2), left: () => pan(-0.5), right: () => pan(0.5), all: () => setView(...whole) };
    button.addEventListener("click", actions[button.dataset.zoom]);
  });
  document.querySelectorAll(".tools").forEach((x) => { x.hidden = false; });
  const log = byId("log");
  if (isPositive && data.share) {
    log.addEventListener("click", () => {
      const on = log.getAttribute("aria-pressed") !== "true";
      log.setAttribute("aria-pressed", String(on));
      drawEquity(on);
    });
  } else {
    log.disabled = true;
    log.title = "There is no logarithm of an equity that is not above zero";
  }

  const resize = () => charts.forEach(({ chart, host }) => {
    chart.setSize({ width: width(host), height: chart.height });
  });
  const redraw = () => charts.forEach(({ chart }) => chart.redraw(false, true));
  let frame = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(resize);
  });
  addEventListener("beforeprint", () => { printing = true; resize(); redraw(); });
  addEventListener("afterprint", () => { printing = false; resize(); redraw(); });
  const button = byId("theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    root.setAttribute("data-theme", isDark() ? "light" : "dark");
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  // For whoever measures: how long it took until all was drawn.
  requestAnimationFrame(() => { root.dataset.drawnMs = (performance.now() - began).toFixed(1); });
})();
