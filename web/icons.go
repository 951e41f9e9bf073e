package web

import "html/template"

// icon returns a line icon of the project's own drawing. It stands beside a word,
// never alone, so it is hidden from screen readers.
func icon(name string) template.HTML {
	shapes := map[string]template.HTML{
		"check":   `<path d="M4 12.5l5.2 5.2L20 7"/>`,
		"warn":    `<path d="M12 3.5L22 20.5H2z M12 10v4.6 M12 17.4v.1"/>`,
		"stop":    `<path d="M8 2.5h8l5.5 5.5v8L16 21.5H8L2.5 16V8z M8.5 8.5l7 7 M15.5 8.5l-7 7"/>`,
		"info":    `<circle cx="12" cy="12" r="9.5"/><path d="M12 11v6 M12 7v.1"/>`,
		"plus":    `<path d="M12 5v14 M5 12h14"/>`,
		"ask":     `<circle cx="12" cy="12" r="9.5"/><path d="M9.2 9.3a2.9 2.9 0 1 1 4.3 2.6c-1 .5-1.5 1-1.5 2.2 M12 17.2v.1"/>`,
		"today":   `<path d="M3.5 5.5h17v15h-17z M3.5 10h17 M8 3v4 M16 3v4 M8 14h3"/>`,
		"find":    `<circle cx="10.5" cy="10.5" r="7"/><path d="M15.8 15.8L21.5 21.5"/>`,
		"scan":    `<path d="M3 8V3h5 M16 3h5v5 M21 16v5h-5 M8 21H3v-5 M7.5 8v8 M11 8v8 M14 8v8 M17 8v8"/>`,
		"add":     `<circle cx="9.5" cy="8" r="4.2"/><path d="M2 21c.4-4.6 3.3-7 7.5-7 2 0 3.7.5 5 1.6 M18.5 14.500v7 M15 18h7"/>`,
		"saved":   `<path d="M3.5 5.500h17v13h-17z M8 12l3 3 5.5-6"/>`,
		"up":      `<path d="M12 20V5 M5.5 11.500L12 5l6.5 6.5"/>`,
		"hub":     `<path d="M4 20.500V9l8-5.500L20 9v11.500z M8.5 14.500l2.5 2.5 4.5-5"/>`,
		"printer": `<path d="M6.5 9V3.500h11V9 M6.5 17H3V9h18v8h-3.5 M6.5 14h11v6.500h-11z"/>`,
		"lock":    `<path d="M5 11h14v10H5z M8 11V7.500a4 4 0 0 1 8 0V11 M12 15v2.5"/>`,
		"out":     `<path d="M10 4H4v16h6 M9.5 12H21 M16.5 7.500L21 12l-4.5 4.5"/>`,
		"wait":    `<circle cx="12" cy="12" r="9.5"/><path d="M12 6.500V12l4 2.5"/>`,
		"pen":     `<path d="M4 20l1-5L16 4l4 4L9 19z M13.5 6.500l4 4"/>`,
		"back":    `<path d="M20 12H4.5 M10.5 5.500L4 12l6.5 6.5"/>`,
		"next":    `<path d="M4 12h15.5 M13.5 5.500L20 12l-6.5 6.5"/>`,
		"box":     `<path d="M3.500 8L12 3.500l8.500 4.500v8.500L12 21l-8.500-4.500z M3.500 8l8.500 4.500L20.500 8 M12 12.500V21"/>`,
		"seal":    `<path d="M12 2.500l2.6 1.9 3.2 0 1 3.1 2.6 1.9-1 3.1 1 3.1-2.6 1.9-1 3.1-3.2 0-2.6 1.9-2.6-1.9-3.2 0-1-3.1-2.6-1.9 1-3.1-1-3.1 2.6-1.9 1-3.1 3.2 0z M8.2 12.400l2.6 2.6 5-5.4"/>`,
	}
	return `<svg class="cb-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">` + shapes[name] + `</svg>`
}
