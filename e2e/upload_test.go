package e2e_test

import (
	"testing"

	"vestibule/e2e/parts"
)

// chosen has the browser choose a file of 20 MB, and lets its line break off once while the second part is sent.
const chosen = `(() => {
	const file = new File([new Uint8Array(20000000)], "meeting-1.0.msi"), list = new DataTransfer();
	list.items.add(file);
	document.getElementById("file").files = list.files;
	const real = window.fetch.bind(window);
	let asked = 0;
	window.fetch = (...args) => ++asked === 3 ? Promise.reject(new TypeError("the line is cut")) : real(...args);
	window.sent = [];
	new MutationObserver(() => window.sent.push(document.querySelector("[data-progress] [role=status]").textContent)).observe(document.querySelector("[data-progress]"), { childList: true, subtree: true, characterData: true });
	return true;
})()`

func TestAFileGoesUpInPartsWithItsProgress(t *testing.T) {
	onBoth(t, func(t *testing.T, o *parts.Office) {
		office := staffer(t, o, "Ruth", "administrator")
		office.Open("/office/releases/new")
		office.Fill(office.Say("releases.version"), "1.0")
		office.Press(office.Say("releases.save"))
		office.Sees(office.Say("releases.done-made"))
		p := page(office)
		p.Accessible()
		office.Fill(office.Say("releases.kind"), "windows-x64-msi")
		p.Until("the file is chosen", chosen)
		p.Click(office.Say("releases.add-go"))
		p.Sees("Trying again in 2 seconds")
		p.Sees(office.Say("releases.file-state.refused"))
		office.Sees("meeting-1.0.msi", "20.0 MB")
		p.Screenshot("upload")
	})
}
