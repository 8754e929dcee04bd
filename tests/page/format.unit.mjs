// How names are shortened.

import assert from "node:assert/strict";
import { test } from "node:test";
import { shortened } from "../../web/format.js";

test("a name is cut between characters as its reader counts them", () => {
  const family = "\u{1f468}\u200d\u{1f469}\u200d\u{1f467}";
  for (let again = 0; again < 2; again += 1) {
    assert.equal(shortened("Ann", 14), "Ann");
    assert.equal(shortened("Bartholomew the Younger", 14), "Bartholomew th");
    assert.equal(shortened(family.repeat(3), 14), family.repeat(3));
    assert.equal(shortened(family.repeat(20), 14), family.repeat(14));
    assert.equal(shortened("e\u0301".repeat(20), 14), "e\u0301".repeat(14));
  }
});
