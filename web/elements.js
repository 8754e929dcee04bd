// Makes and updates page elements without touching what has not changed.

/** A new element with attributes, properties (`text`, `hidden`) and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "text") made.textContent = value;
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export function setAttribute(target, name, value) {
  if (value === null) target.removeAttribute(name);
  else if (target.getAttribute(name) !== String(value)) target.setAttribute(name, value);
}

/** Gives `parent` one child per item in that order, keeping the children of items that stay. */
export function keyed(parent, items, keyOf, make, update) {
  const held = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let cursor = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = held.get(key);
    held.delete(key);
    if (!child) {
      child = make(item);
      child.dataset.key = key;
    }
    if (child === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(child, cursor);
    update(child, item);
  }
  for (const child of held.values()) child.remove();
}
