// SPDX-License-Identifier: GPL-2.0-only
// The page of results. All text of the data is put there as text, never as HTML.
"use strict";
(() => {
const data = JSON.parse(document.getElementById("data").textContent);
const main = document.getElementById("main");
const announce = document.getElementById("announce");
const OUTCOMES = { // a sign, a word, a class
	P: ["✓", "passed", "good"], F: ["✗", "failed", "bad"], S: ["–", "skipped", "skipped"],
	M: ["?", "missing", "bad"], E: ["!", "error", "bad"], K: ["≈", "known to fail", "skipped"],
	".": ["", "not in this result", "none"],
};
const ORDER = "FEMKPS";
const AT_ONCE = 80; // rows drawn before somebody scrolls
const SHOWN = 20; // changes told of a result

function h(tag, attributes, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on"))
			element.addEventListener(name.slice(2), value);
		else if (value !== false && value !== null && value !== undefined)
			element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.flat(Infinity).filter(each => each !== null && each !== undefined && each !== ""));
	return element;
}

const cellOf = run => `${run.series}/${run.variant}`;
const caseNumber = new Map(data.cases.map((each, number) => [each.id, number]));
const latest = new Map(data.runs.map((run, number) => [cellOf(run), number])); // they are in the order of time
const texts = data.cases.map(each => [each.id, each.contract]);
for (const run of data.runs)
	for (const [number, detail] of Object.entries(run.details))
		for (const word of [detail.reason, detail.known])
			if (word && !texts[number].includes(word))
				texts[number].push(word);
const haystacks = texts.map(words => words.join("\n").toLowerCase());

function link(view, rest, query, text, attributes) {
	const words = Object.entries(query || {}).filter(([, value]) => value);
	const hash = "#" + view + (rest === "" ? "" : "/" + encodeURIComponent(rest)) +
		(words.length ? "?" + new URLSearchParams(words) : "");
	return h("a", {href: hash, ...attributes}, text);
}

function summary(run) {
	const counts = {};
	for (const letter of run.outcomes)
		counts[letter] = (counts[letter] || 0) + 1;
	return [...ORDER].filter(letter => counts[letter])
		.map(letter => `${counts[letter]} ${OUTCOMES[letter][1]}`).join(", ") || "no case";
}

function tag(letter) {
	const [sign, word, kind] = OUTCOMES[letter];
	return h("span", {class: `tag ${kind}`}, `${sign} ${word}`);
}

function mark(run, number) {
	const letter = run ? run.outcomes[number] : ".";
	const [sign, word, kind] = OUTCOMES[letter];
	const detail = run && run.details[number] || {};
	const why = detail.known || detail.reason || "";
	return h("td", {class: `mark ${kind}`, title: why ? `${word}: ${why}` : word},
		h("span", {"aria-hidden": "true"}, sign), h("span", {class: "hidden"}, word));
}

function heading(names) {
	return h("tr", null, names.map(name => h("th", {scope: "col"}, name)));
}

function framed(label, head, body) {
	return h("div", {class: "wide", tabindex: "0", role: "region", "aria-label": label},
		h("table", null, h("thead", null, head), body));
}

function table(head, rows) {
	return framed(head.join(", "), heading(head), h("tbody", null, rows));
}

/* Draw the first rows now, and the others as they come into sight, or are to be printed. */
let unfinished = null;
function fill(body, numbers, row) {
	let next = 0;
	const end = h("tr", {class: "end"}, h("td", null, "…"));
	const more = count => {
		const some = numbers.slice(next, next + count);
		next += some.length;
		end.remove();
		body.append(...some.map(row));
		if (next < numbers.length)
			body.append(end);
	};
	if (unfinished)
		unfinished.watcher.disconnect();
	const watcher = new IntersectionObserver(seen => seen.some(each => each.isIntersecting) && more(AT_ONCE),
		{rootMargin: "600px"});
	unfinished = {watcher, all: () => more(numbers.length)};
	body.replaceChildren();
	more(AT_ONCE);
	watcher.observe(end);
}
addEventListener("beforeprint", () => unfinished && unfinished.all());

function say(text) {
	announce.textContent = text;
	const shown = document.getElementById("count");
	if (shown)
		shown.textContent = text;
}

function field(label, control) {
	return h("label", null, label, control);
}

function choice(name, options, chosen, change) {
	return h("select", {id: name, onchange: change}, options.map(([value, text]) =>
		h("option", {value, selected: value === chosen}, text)));
}

/* The controls of a view are in the address, so that it can be sent to somebody. */
function controls(view, query, parts, draw) {
	const read = () => {
		const now = {};
		for (const part of parts) {
			const control = document.getElementById(part.name);
			now[part.name] = control.type === "checkbox" ? (control.checked ? "1" : "") : control.value;
		}
		return now;
	};
	const changed = () => {
		const now = read();
		const words = Object.entries(now).filter(([name, value]) =>
			value && value !== parts.find(part => part.name === name).usual);
		history.replaceState(null, "", "#" + view + (words.length ? "?" + new URLSearchParams(words) : ""));
		draw(now);
	};
	const made = parts.map(part => {
		const value = query.get(part.name) ?? part.usual ?? "";
		if (part.options)
			return field(part.label, choice(part.name, part.options, value, changed));
		if (part.check)
			return field(part.label, h("input", {id: part.name, type: "checkbox", checked: value === "1",
				onchange: changed}));
		return field(part.label, h("input", {id: part.name, type: "search", value, oninput: changed,
			autocomplete: "off"}));
	});
	return {bar: h("div", {class: "controls", role: "search"}, made, h("span", {id: "count", class: "dim"})),
		start: () => draw(read())};
}

const SEARCH = {name: "q", label: "Search"};
const STATUS = {name: "status", label: "Outcome", options: [["", "any"], ["bad", "not good"],
	...[..."FEMKSP"].map(letter => [letter, OUTCOMES[letter][1]])]};
const suites = [...new Set(data.cases.map(each => each.suite))].sort();
const SUITE = {name: "suite", label: "Suite", options: [["", "all"], ...suites.map(name => [name, name])]};

function matching(now, runs) {
	const words = (now.q || "").toLowerCase().split(/\s+/).filter(Boolean);
	const wanted = now.status === "bad" ? "FEM" : now.status;
	const found = [];
	for (let number = 0; number < data.cases.length; number++) {
		if (now.suite && data.cases[number].suite !== now.suite)
			continue;
		if (words.some(word => !haystacks[number].includes(word)))
			continue;
		if (wanted && !runs.some(run => run && wanted.includes(run.outcomes[number])))
			continue;
		if (now.differs) {
			const seen = new Set(runs.map(run => run ? run.outcomes[number] : ".").filter(each => each !== "."));
			if (seen.size < 2)
				continue;
		}
		found.push(number);
	}
	return found;
}

const views = {};

views.cells = () => {
	const there = new Set(data.cells);
	const rows = data.variants.filter(variant => data.series.some(series =>
		there.has(`${series}/${variant.name}`) || latest.has(`${series}/${variant.name}`)));
	const cell = (series, variant) => {
		const name = `${series}/${variant}`;
		const run = data.runs[latest.get(name)];
		if (!run)
			return there.has(name) ? h("td", {class: "none"}, "· missing") : h("td", {class: "none"}, "no such cell");
		const [sign, kind] = {good: ["✓", "good"], bad: ["✗", "bad"], unable: ["–", "skipped"]}[run.verdict];
		return h("td", {class: kind}, link("run", latest.get(name), null,
			`${sign} ${run.verdict === "unable" ? "skipped" : run.verdict}`, {class: "row"}),
		h("div", {class: "small"}, run.verdict === "good" ? summary(run) : run.why));
	};
	const bad = [...latest.values()].filter(number => data.runs[number].verdict === "bad").length;
	main.append(h("h2", null, "Cells"),
		h("p", null, `${latest.size} of ${data.cells.length} cells have results, ${bad} of them bad.`),
		table(["variant", ...data.series], rows.map(variant => h("tr", null,
			h("th", {scope: "row"}, variant.name, h("div", {class: "dim small"}, variant.about)),
			data.series.map(series => cell(series, variant.name))))));
};

views.cases = (rest, query) => {
	const numbers = [...latest.values()];
	const variants = [...new Set(numbers.map(number => data.runs[number].variant))];
	const body = h("tbody");
	const head = h("tr");
	const {bar, start} = controls("cases", query, [SEARCH, STATUS, SUITE,
		{name: "series", label: "Series", options: [["", "all"], ...data.series.map(name => [name, name])]},
		{name: "variant", label: "Variant", options: [["", "all"], ...variants.map(name => [name, name])]},
		{name: "differs", label: "only where they differ", check: true}], now => {
		const runs = numbers.map(number => data.runs[number]).filter(run =>
			(!now.series || run.series === now.series) && (!now.variant || run.variant === now.variant));
		head.replaceChildren(...heading(["case", ...runs.map(run =>
			link("run", data.runs.indexOf(run), null, cellOf(run)))]).children);
		const found = matching(now, runs);
		say(`${found.length} of ${data.cases.length} cases in ${runs.length} cells`);
		fill(body, found, number => h("tr", null, h("td", {class: "first"},
			link("case", data.cases[number].id, null, data.cases[number].id, {class: "row name"})),
		runs.map(run => mark(run, number))));
	});
	main.append(h("h2", null, "Cases"), bar, framed("cases", head, body));
	start();
};

views.contracts = (rest, query) => {
	const count = name => data.series.filter(series => latest.has(`${series}/${name}`)).length;
	const variants = data.variants.map(each => each.name).filter(count);
	const usual = variants.reduce((best, name) => count(name) > count(best) ? name : best, variants[0]);
	const body = h("tbody");
	const head = heading(["what the kernel promises", ...data.series]);
	const {bar, start} = controls("contracts", query, [SEARCH, STATUS, SUITE,
		{name: "variant", label: "Variant", usual, options: variants.map(name => [name, name])},
		{name: "differs", label: "only where the series differ", check: true}], now => {
		const runs = data.series.map(series => data.runs[latest.get(`${series}/${now.variant}`)]);
		const found = matching(now, runs).filter(number => data.cases[number].contract);
		say(`${found.length} contracts`);
		fill(body, found, number => {
			const each = data.cases[number];
			return h("tr", null, h("td", {class: "first"}, each.contract, h("div", {class: "small"},
				link("case", each.id, null, each.id, {class: "row name"}),
				each.source ? h("span", {class: "dim"}, ` Source: ${each.source}`) : "")),
			runs.map(run => mark(run, number)));
		});
	});
	main.append(h("h2", null, "Contracts"), bar, framed("contracts", head, body));
	start();
};

function quoted(word) {
	return /^[\w.-]+$/.test(word) ? word : "'" + word.replaceAll("'", "'\"'\"'") + "'";
}

function command(text) {
	if (!text)
		return "";
	const button = h("button", {type: "button", onclick: () => navigator.clipboard.writeText(text).then(
		() => say("copied"), () => say("this browser does not let a page copy"))}, "Copy");
	return h("div", null, h("pre", {class: "command"}, text), button);
}

function log(title, text, open) {
	return text ? h("details", {open}, h("summary", null, title), h("pre", null, text)) : "";
}

views.case = rest => {
	const number = caseNumber.get(rest);
	if (number === undefined) {
		main.append(h("h2", null, "There is no such case"), h("p", null, rest, " is in none of these results."));
		return;
	}
	const each = data.cases[number];
	main.append(h("h2", {class: "name"}, each.id));
	if (each.contract)
		main.append(h("p", null, each.contract));
	main.append(h("dl", null, each.source ? [h("dt", null, "Source"), h("dd", null, each.source)] : [],
		each.file ? [h("dt", null, "File"), h("dd", {class: "name"}, `lib/${each.file}`)] : [],
		h("dt", null, "Suite"), h("dd", null, link("cases", "", {suite: each.suite}, each.suite))));
	data.runs.forEach((run, at) => {
		if (run.outcomes[number] === ".")
			return;
		const detail = run.details[number] || {};
		const bad = "FEMK".includes(run.outcomes[number]);
		main.append(h("section", null,
			h("h3", null, link("run", at, null, cellOf(run), {class: "row"}), ` Linux ${run.kernel} `,
				tag(run.outcomes[number]), run.start ? h("span", {class: "dim small"}, ` ${run.start}`) : ""),
			detail.known ? h("p", null, `Known: ${detail.known}`) : "",
			detail.reason ? h("p", null, detail.reason) : "",
			detail.params ? table(["parameter", "outcome", "reason"], detail.params.map(param => h("tr", null,
				h("td", {class: "name"}, param.param), h("td", null, tag(param.outcome)),
				h("td", null, param.reason, log("output", param.log, param.outcome === "F"))))) : "",
			log("output", detail.log, bad),
			command(run.again.replace(data.placeholder, () => quoted(each.id)))));
	});
};

views.run = rest => {
	const run = /^\d+$/.test(rest) && data.runs[rest];
	if (!run) {
		main.append(h("h2", null, "There is no such result"));
		return;
	}
	const facts = [["Kernel", run.kernel], ["Source", run.source], ["Architecture", run.arch],
		["Configuration", run.config], ["Compiler", run.compiler], ["Accelerator", run.accelerator],
		["Started", run.start], ["Took", run.took === null ? "" : `${run.took} s`], ["File", run.file],
		["Console", run.console], ["Outcome", summary(run)]];
	main.append(h("h2", null, cellOf(run)), h("dl", null, facts.filter(([, value]) => value)
		.map(([name, value]) => [h("dt", null, name), h("dd", null, value)])), command(run.command));
	for (const problem of run.problems)
		main.append(h("h3", null, h("span", {class: "tag bad"}, `! ${problem.kind}`), " ",
			caseNumber.has(problem.case) ? link("case", problem.case, null, problem.case) : problem.case),
		log("what the kernel said", problem.log, true));
	for (const letter of ORDER) {
		const numbers = data.cases.map((each, number) => number).filter(number => run.outcomes[number] === letter);
		if (!numbers.length)
			continue;
		main.append(h("details", {open: !"PS".includes(letter)},
			h("summary", null, tag(letter), ` ${numbers.length}`),
			table(["case", "why"], numbers.map(number => h("tr", null,
				h("td", null, link("case", data.cases[number].id, null, data.cases[number].id, {class: "row name"})),
				h("td", null, (run.details[number] || {}).known || (run.details[number] || {}).reason || ""))))));
	}
};

views.history = () => {
	const cells = new Map();
	data.runs.forEach((run, number) => cells.set(cellOf(run), [...(cells.get(cellOf(run)) || []), number]));
	const several = [...cells].filter(([, numbers]) => numbers.length > 1);
	main.append(h("h2", null, "History"));
	if (!several.length)
		main.append(h("p", null, "There is one result of each cell. Give several, and this shows how they changed."));
	for (const [name, numbers] of several) {
		const rows = numbers.map((number, at) => {
			const run = data.runs[number];
			const before = at ? data.runs[numbers[at - 1]] : null;
			const changed = before ? data.cases.map((each, index) => index)
				.filter(index => before.outcomes[index] !== run.outcomes[index]) : [];
			const told = changed.slice(0, SHOWN).map(index => h("div", null,
				link("case", data.cases[index].id, null, data.cases[index].id, {class: "name"}),
				` ${OUTCOMES[before.outcomes[index]][1]} → ${OUTCOMES[run.outcomes[index]][1]}`));
			return h("tr", null, h("td", null, link("run", number, null, run.start || run.file, {class: "row"})),
				h("td", null, run.kernel), h("td", null, summary(run)),
				h("td", null, told, changed.length > SHOWN ? `and ${changed.length - SHOWN} more` : "",
					before && !changed.length ? "nothing" : ""));
		});
		main.append(h("h3", null, name), table(["when", "kernel", "outcome", "what changed"], rows));
	}
};

function share(part, whole) {
	if (!whole)
		return h("td", {class: "number dim"}, "not measured");
	const percent = Math.floor(1000 * part / whole) / 10;
	return h("td", {class: "number"}, `${percent.toFixed(1)} % (${part} of ${whole})`,
		h("div", {class: "track", "aria-hidden": "true"}, h("span", {style: `width: ${percent}%`})));
}

views.functions = (rest, query) => {
	const body = h("tbody");
	const score = each => each.mutants ? each.caught / each.mutants : 2;
	const reach = each => each.lines ? each.reached / each.lines : 2;
	const orders = {"": () => 0, score: (a, b) => score(a) - score(b), reach: (a, b) => reach(a) - reach(b),
		survivors: (a, b) => b.survivors.length - a.survivors.length};
	const {bar, start} = controls("functions", query, [SEARCH, {name: "order", label: "Order", options: [
		["", "of the source"], ["survivors", "most survivors first"], ["score", "lowest score first"],
		["reach", "least covered first"]]}], now => {
		const words = now.q.toLowerCase();
		const found = data.functions.filter(each => `${each.file} ${each.name}`.toLowerCase().includes(words))
			.sort(orders[now.order]);
		say(`${found.length} of ${data.functions.length} functions`);
		fill(body, found, each => h("tr", null, h("td", {class: "first"}, h("span", {class: "name"}, each.name),
			h("div", {class: "dim small"}, `${each.file}:${each.line}`)),
		share(each.caught, each.mutants), h("td", null, each.survivors.length ? h("details", null,
			h("summary", null, `${each.survivors.length}`), each.survivors.map(one => h("div", {class: "small"},
				h("a", {href: `#mutant/${each.file}`}, `line ${one.line}`), " ", h("code", null, one.text)))) : "0"),
		share(each.reached, each.lines)));
	});
	main.append(h("h2", null, "Functions"), bar, framed("functions",
		heading(["function", "mutants that a case noticed", "survivors", "lines reached"]), body));
	start();
};

views.mutant = () => {
	const app = h("mutation-test-report-app", {"title-postfix": "kmem-kunit"});
	main.append(app);
	app.report = JSON.parse(document.getElementById("mutants").textContent);
};
views.test = views.mutant; // the element's own word

views.bench = (rest, query) => {
	const columns = [...new Set(data.bench.flatMap(each => each.columns))];
	const place = h("div");
	const {bar, start} = controls("bench", query, [SEARCH, {name: "base", label: "Compared with",
		usual: columns[0], options: columns.map(name => [name, name])}], now => {
		let shown = 0;
		place.replaceChildren(...data.bench.map(each => {
			const base = each.columns.indexOf(now.base);
			const rows = each.rows.filter(row => row.name.toLowerCase().includes(now.q.toLowerCase()));
			shown += rows.length;
			return h("section", null, h("h3", null, `${each.setting}, ${each.unit}`),
				table(["pattern", ...each.columns], rows.map(row => {
					const most = Math.max(...row.values.map(value => value || 0)) || 1;
					return h("tr", null, h("th", {scope: "row", class: "name"}, row.name), row.values.map((value, at) => {
						if (value === null)
							return h("td", {class: "number dim"}, "not measured");
						const old = base < 0 ? null : row.values[base];
						const change = old && at !== base ? 100 * (value - old) / old : null;
						const kind = change === null || Math.abs(change) < 1 ? "" : change > 0 ? "bad" : "good";
						return h("td", {class: "number"}, value.toFixed(2), change === null ? "" : h("span",
							{class: `tag ${kind}`}, `${change < 0 ? "−" : "+"}${Math.abs(change).toFixed(1)} %`),
						h("div", {class: "track", "aria-hidden": "true"},
							h("span", {style: `width: ${100 * value / most}%`})));
					}));
				})));
		}));
		say(`${shown} rows`);
	});
	main.append(h("h2", null, "Costs"), bar, place);
	start();
};

function show() {
	const [path, query] = location.hash.slice(1).split("?");
	const view = path.split("/")[0] || "cells";
	let rest = path.slice(view.length + 1);
	try {
		rest = decodeURIComponent(rest);
	} catch {
		rest = "";
	}
	const known = Object.hasOwn(views, view) && (!["mutant", "test"].includes(view) ||
		document.getElementById("mutants"));
	if (["mutant", "test"].includes(view) && main.querySelector("mutation-test-report-app"))
		return; // it follows the address itself
	const shown = known ? view : "cells";
	main.replaceChildren();
	announce.textContent = "";
	views[shown](rest, new URLSearchParams(query || ""));
	const of = {case: "cases", run: "cells", test: "mutant"}[shown] || shown;
	for (const each of document.querySelectorAll("nav a"))
		if (each.dataset.view === of)
			each.setAttribute("aria-current", "page");
		else
			each.removeAttribute("aria-current");
	const title = main.querySelector("h2");
	document.title = `${title ? title.textContent : "Mutants"}: kmem-kunit`;
	scrollTo(0, 0);
}

function step(by) {
	const rows = [...main.querySelectorAll("a.row")];
	const at = rows.indexOf(document.activeElement);
	const next = rows[at < 0 ? 0 : Math.min(Math.max(at + by, 0), rows.length - 1)];
	if (next)
		next.focus();
}

addEventListener("keydown", event => {
	if (event.ctrlKey || event.altKey || event.metaKey)
		return;
	const typing = event.target.closest && event.target.closest("input, select, textarea, mutation-test-report-app");
	if (event.key === "Escape" && typing && event.target.blur) {
		event.target.blur();
	} else if (typing) {
		return;
	} else if (event.key === "/") {
		event.preventDefault();
		if (!document.getElementById("q"))
			location.hash = "#cases";
		setTimeout(() => document.getElementById("q").focus());
	} else if (event.key === "j" || event.key === "k") {
		step(event.key === "j" ? 1 : -1);
	} else if (/^[1-9]$/.test(event.key)) {
		const target = document.querySelectorAll("nav a")[event.key - 1];
		if (target)
			target.click();
	}
});
addEventListener("hashchange", show);
show();
})();
