# shellcheck shell=bash
# What tests in a browser need beside lib.sh: Node and Debian's Chromium, and the packages
# of test/browser, which npm puts into the cache directory of this checkout.

need_browser() {
	local packages=()
	command -v node >/dev/null || packages+=(nodejs)
	command -v npm >/dev/null || packages+=(npm)
	command -v chromium >/dev/null || packages+=(chromium)
	# without a font for them, Chinese letters are boxes of another width
	[ -n "$(fc-list :lang=zh-cn 2>/dev/null)" ] || packages+=(fontconfig fonts-wqy-zenhei)
	[ ${#packages[@]} = 0 ] || install "a browser" "${packages[@]}"
	browser=$state/browser
	mkdir -p "$browser"
	cp "$top"/test/browser/* "$browser"
	(cd "$browser" && npm ci --silent --no-audit --no-fund --ignore-scripts) ||
		die "npm could not install the packages of test/browser"
}

# browser_test FILE ARGUMENT...: runs a test of test/browser
browser_test() {
	CHROMIUM=$(command -v chromium) node "$browser/$1" "${@:2}"
}
