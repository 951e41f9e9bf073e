#!/bin/sh
# Makes clinicbox.css from src/clinicbox.scss and govuk-frontend. Run by hand after
# a change of the stylesheet; the output is committed, so building the program
# never needs Node. Usage: sh web/assets/build.sh
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${KIT:-$(mktemp -d)}
if [ ! -d "$work/node_modules/govuk-frontend" ]; then
	npm install --prefix "$work" --no-audit --no-fund govuk-frontend@6.6.0 sass@1.108.2
fi
"$work/node_modules/.bin/sass" --no-source-map --style=compressed --quiet-deps \
	--load-path="$work/node_modules" "$here/src/clinicbox.scss" "$here/clinicbox.css"
