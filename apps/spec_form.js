// A file format as a form: draws the nodes of apps/forms.py, tells what was typed. What is shown is what it is told; what is being typed stays.
const key = (path) => JSON.stringify(path)
const made = (tag, name, text) => {
  const found = document.createElement(tag)
  if (name) found.className = name
  if (text !== undefined && text !== "") found.textContent = text
  return found
}

export function render({ model }) {
  const root = made("div", "form")
  const opened = new Map()  // whether a group is unfolded, by path: the user's own choice
  let ids = 0

  const send = (edit) => model.send_msg(edit)
  const say = (name) => (model.words || {})[name] || name

  const button = (name, sign, title, act) => {
    const found = made("button", name, sign)
    found.type = "button"
    found.setAttribute("aria-label", title)
    found.title = title
    found.onclick = (event) => { event.preventDefault(); event.stopPropagation(); act() }
    return found
  }

  const notes = (node, box, input) => {
    const told = []
    for (const [text, tag] of node.e || []) {
      const line = made("div", "error", text)
      line.setAttribute("role", "alert")
      if (tag) line.lang = tag
      told.push(line)
    }
    for (const [severity, text, tag] of node.f || []) {
      const line = made("div", "finding " + severity, text)
      if (tag) line.lang = tag
      told.push(line)
    }
    if (!told.length) return
    const id = "n" + ++ids
    const list = made("div", "notes")
    list.id = id
    list.append(...told)
    box.append(list)
    if (input) {
      input.setAttribute("aria-describedby", id)
      if ((node.e || []).length) input.setAttribute("aria-invalid", "true")
    }
  }

  const help = (node, box, label) => {
    if (!node.h) return
    const more = made("details", "help")
    const sign = made("summary", "", "?")
    sign.setAttribute("aria-label", say("help") + ": " + node.t)
    more.append(sign, made("p", "", node.h))
    label.append(more)
  }

  const told = (node, input) => {
    input.dataset.path = key(node.p)
    input.dataset.last = node.v
    return input
  }

  const assumed = (node, box, head) => {
    if (node.was !== undefined) {
      box.classList.add("changed")
      head.append(button("back", `${say("reset")} ${node.was || "–"}`, `${say("reset")} ${node.was || "–"}: ${node.t}`,
        () => send({ do: "set", path: node.p, text: node.was })))
    }
    if (!node.r) return
    const line = made("div", "assumed")
    line.append(made("span", "", `${say("plausible")} ${node.r[0]} – ${node.r[1]}`), made("span", "basis " + node.b, say(node.b)))
    line.append(made("span", "source", node.s))
    box.append(line)
  }

  const leaf = (node) => {
    const box = made("div", "field " + node.k)
    const head = made("div", "head")
    const label = made("label", "", node.t)
    const id = "i" + ++ids
    label.htmlFor = id
    head.append(label)
    help(node, box, head)
    let input
    if (node.k === "choice") {
      input = made("select")
      for (const [value, title] of node.o) {
        const option = made("option", "", title || "–")
        option.value = value
        input.append(option)
      }
      if (!node.o.some(([value]) => value === node.v)) {
        const option = made("option", "", node.v)
        option.value = node.v
        input.append(option)
      }
      input.value = node.v
    } else if (node.k === "lines") {
      input = made("textarea")
      input.value = node.v
      input.rows = Math.min(8, Math.max(2, node.v.split("\n").length + 1))
    } else if (node.k === "flag") {
      input = made("input")
      input.type = "checkbox"
      input.checked = node.v === "true"
    } else {
      input = made("input")
      input.type = node.k === "date" ? "date" : "text"
      if (node.k === "number") input.inputMode = node.whole ? "numeric" : "decimal"
      input.autocomplete = "off"
      input.spellcheck = false
      input.value = node.v
      if (node.d) input.placeholder = node.d
      if (node.k === "words" && (node.o || []).length) {
        const list = made("datalist")
        list.id = "l" + ++ids
        for (const word of node.o) list.append(made("option", "", word))
        input.setAttribute("list", list.id)
        box.append(list)
      }
    }
    input.id = id
    told(node, input)
    input.onchange = () => {
      const text = node.k === "flag" ? String(input.checked) : input.value
      send({ do: "set", path: node.p, text })
    }
    if (!["choice", "flag", "lines"].includes(node.k)) {
      input.onkeydown = (event) => {
        if (event.key === "Enter") { event.preventDefault(); send({ do: "set", path: node.p, text: input.value }) }
      }
    }
    if (node.k === "flag") head.prepend(input)
    box.append(head)
    if (node.k !== "flag") box.append(input)
    assumed(node, box, head)
    notes(node, box, input)
    return box
  }

  const folded = (node, name, title, body, buttons, open) => {
    const box = made("div", name)
    const path = key(node.p)
    const inside = made("div", "inside")
    const id = "g" + ++ids
    inside.id = id
    inside.append(...body)
    const head = made("div", "fold")
    const toggle = made("button", "toggle", title)
    toggle.type = "button"
    toggle.dataset.path = path
    toggle.setAttribute("aria-controls", id)
    const set = (on) => { inside.hidden = !on; toggle.setAttribute("aria-expanded", String(on)) }
    set(opened.has(path) ? opened.get(path) : open || !!(node.e || []).length)
    toggle.onclick = () => { opened.set(path, inside.hidden); set(inside.hidden) }
    head.append(toggle)
    help(node, box, head)
    head.append(...buttons)
    box.append(head, inside)
    return box
  }

  const children = (node) => node.c.map(draw)
  const about = (node) => {
    const found = []
    if (node.about) found.push(made("p", "about", node.about))
    const box = made("div")
    notes(node, box)
    if (box.childNodes.length) found.push(...box.childNodes)
    return found
  }

  const entry = (buttons, node, place, count) => {
    const name = node.t
    if (place > 0) buttons.push(button("up", "↑", `${say("up")}: ${name}`, () => send({ do: "move", path: node.p, by: -1 })))
    if (place < count - 1) buttons.push(button("down", "↓", `${say("down")}: ${name}`, () => send({ do: "move", path: node.p, by: 1 })))
    buttons.push(button("remove", "×", `${say("remove")}: ${name}`, () => send({ do: "remove", path: node.p })))
  }

  const group = (node, place, count) => {
    const buttons = []
    if (place !== undefined) entry(buttons, node, place, count)
    else if (node.n && node.here) buttons.push(button("remove", "×", `${say("remove")}: ${node.t}`, () => send({ do: "unset", path: node.p })))
    if (!node.shown && node.n && place === undefined) {
      const box = made("div", "absent")
      box.append(button("put", `+ ${node.t}`, `${say("add")}: ${node.t}`, () => { opened.set(key(node.p), true); send({ do: "put", path: node.p }) }))
      help(node, box, box)
      return box
    }
    return folded(node, "group", node.t, [...about(node), ...children(node)], buttons, node.p.length < 2)
  }

  const kinds = (node, place, count) => {
    const buttons = []
    if (place !== undefined) entry(buttons, node, place, count)
    else if (node.n && node.here) buttons.push(button("remove", "×", `${say("remove")}: ${node.t}`, () => send({ do: "unset", path: node.p })))
    const line = made("div", "field choice")
    const id = "i" + ++ids
    const label = made("label", "", say("kind"))
    label.htmlFor = id
    const input = made("select")
    input.id = id
    for (const [value, title] of node.v ? node.o : [["", "–"], ...node.o]) {
      const option = made("option", "", title)
      option.value = value
      input.append(option)
    }
    input.value = node.v
    told(node, input)
    input.onchange = () => { opened.set(key(node.p), true); send({ do: "kind", path: node.p, choice: input.value }) }
    line.append(label, input)
    return folded(node, "group kinds", node.t, [line, ...about(node), ...children(node)], buttons, node.p.length < 2)
  }

  const adder = (node) => {
    const bar = made("div", "adder")
    if (node.o.length === 1) {
      bar.append(button("add", `+ ${say("add")}`, `${say("add")}: ${node.t}`, () => send({ do: "add", path: node.p, choice: node.o[0][0] })))
      return bar
    }
    const input = made("select")
    input.setAttribute("aria-label", `${say("add")}: ${node.t}`)
    input.append(made("option", "", `+ ${say("add")} …`))
    for (const [value, title] of node.o) {
      const option = made("option", "", title)
      option.value = value
      input.append(option)
    }
    input.onchange = () => { if (input.selectedIndex > 0) send({ do: "add", path: node.p, choice: input.value }); input.selectedIndex = 0 }
    bar.append(input)
    return bar
  }

  const list = (node) => {
    const entries = node.c.map((each, place) => (each.k === "kinds" ? kinds : group)(each, place, node.c.length))
    const title = node.c.length ? `${node.t} (${node.c.length})` : node.t
    return folded(node, "list", title, [...about(node), ...entries, adder(node)], [], node.p.length < 2 || node.c.length > 0)
  }

  const map = (node) => {
    const entries = node.c.map((each) => {
      if (each.k !== "group" && each.k !== "kinds") {
        const box = leaf(each)
        box.firstChild.append(button("remove", "×", `${say("remove")}: ${each.t}`, () => send({ do: "remove", path: each.p })))
        return box
      }
      return (each.k === "kinds" ? kinds : group)({ ...each, n: true, here: true })
    })
    const bar = made("div", "adder")
    const input = made("input")
    input.type = "text"
    input.placeholder = say("name")
    input.setAttribute("aria-label", `${say("name")}: ${node.t}`)
    const add = () => { if (input.value.trim()) send({ do: "add", path: node.p, choice: input.value.trim() }) }
    input.onkeydown = (event) => { if (event.key === "Enter") { event.preventDefault(); add() } }
    bar.append(input, button("add", `+ ${say("add")}`, `${say("add")}: ${node.t}`, add))
    return folded(node, "list", node.t, [...about(node), ...entries, bar], [], node.c.length > 0)
  }

  const plain = (node) => {
    const box = made("div", "field")
    box.append(made("label", "", node.t), made("p", "about", say("yaml")))
    notes(node, box)
    return box
  }

  const draw = (node) => ({ group, kinds, list, map, plain }[node.k] || leaf)(node)

  const section = (each) => {
    const box = made("section", each.nodes ? "open" : "")
    box.dataset.section = each.slug
    const head = made("button", "sectionhead")
    head.type = "button"
    head.setAttribute("aria-expanded", String(each.nodes !== null))
    head.append(made("span", "title", each.title), made("span", "summary", each.summary))
    if (each.problems) head.append(made("b", "badge error", each.problems))
    if (each.findings) head.append(made("b", "badge finding", each.findings))
    head.onclick = () => send({ do: "open", slug: each.slug, open: each.nodes === null })
    box.append(head)
    if (each.nodes) box.append(...each.nodes.map(draw))
    return box
  }

  const active = () => root.getRootNode().activeElement
  const show = () => {
    const at = active()
    const kept = at && at.dataset && at.dataset.path && root.contains(at)
      ? { path: at.dataset.path, tag: at.tagName, typed: at.value, last: at.dataset.last, from: at.selectionStart, to: at.selectionEnd }
      : null
    const place = at && root.contains(at) && !kept ? at.getAttribute("aria-label") || (at.closest("section") || { dataset: {} }).dataset.section : null
    ids = 0
    root.replaceChildren(...model.sections.map(section))
    if (kept) {
      const again = [...root.querySelectorAll("[data-path]")].find((each) => each.dataset.path === kept.path && each.tagName === kept.tag)
      if (again) {
        again.focus({ preventScroll: true })
        const waits = kept.typed !== kept.last && kept.tag === "INPUT" && again.type === "text" && !again.getAttribute("aria-invalid")
        if (waits && again.dataset.last === kept.last) again.value = kept.typed
        if (again.type === "text" && kept.from !== null) again.setSelectionRange(kept.from, kept.to)
      }
    } else if (place) {
      const again = [...root.querySelectorAll("button, summary")].find((each) =>
        each.getAttribute("aria-label") === place || each.parentElement.dataset.section === place)
      if (again) again.focus({ preventScroll: true })
    }
  }
  for (const name of ["sections", "words"]) model.on(name, show)
  show()
  return root
}
