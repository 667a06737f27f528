# Sourced by run and test: installs what is missing, quickly when nothing is.
# Expects ROOT (the checkout). Gives set_up LEVEL, where LEVEL is "run" or "dev".

APT_RUN=(
  ca-certificates libportaudio2 libegl1 libgl1 libopengl0 libdbus-1-3 libfontconfig1
  "libglib2.0-0|libglib2.0-0t64" libxkbcommon0 libxkbcommon-x11-0 libxrender1 libxi6 libxext6
  libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
  libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1
  "libasound2-plugins" "libgomp1"
)
APT_DEV=(git binutils libpython3-dev xvfb xauth xdotool pulseaudio pulseaudio-utils espeak-ng dcmtk sox postgresql)

say() { printf '\033[1m%s\033[0m\n' "== $*" >&2; }
die() { printf '%s\n' "$*" >&2; exit 1; }

is_installed() {  # NAME or "NAME|OTHER NAME"
  local name
  for name in ${1//|/ }; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null)" = installed ] && return 0
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 126; fi
}

apt_install() {  # the names; "a|b" takes the first that this release has
  local wanted=() entry name
  as_root true || die "These system packages are missing; ask the administrator for:
    apt-get install ${*//|*/}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get -o DPkg::Lock::Timeout=300 -qq update >&2 || say "apt-get update failed; going on"
  for entry in "$@"; do
    for name in ${entry//|/ }; do
      if apt-cache show "$name" >/dev/null 2>&1; then wanted+=("$name"); break; fi
    done
  done
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    -qq install -y --no-install-recommends "${wanted[@]}" >&2 \
    || die "apt-get could not install: ${wanted[*]}"
}

system_packages() {
  if ! command -v dpkg-query >/dev/null; then
    say "not a Debian system: make sure that PortAudio, EGL, OpenGL, fontconfig and the xcb libraries of Qt 6 are installed"
    return
  fi
  local missing=() entry
  for entry in "$@"; do is_installed "$entry" || missing+=("$entry"); done
  [ ${#missing[@]} = 0 ] && return
  say "installing system packages: ${missing[*]}"
  apt_install "${missing[@]}"
}

find_python() {  # prints a Python 3.11 to 3.13
  local name
  for name in python3 python3.13 python3.12 python3.11; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null
    then "$name" -c 'import sys; print(sys.executable)'; return; fi
  done
  return 1
}

find_uv() {  # sets UV
  if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then UV=uv; return; fi
  UV="$ROOT/.cache/tools/bin/uv"
  [ -x "$UV" ] && return
  say "installing uv into .cache/tools"
  if ! "$PYTHON" -c 'import ensurepip' 2>/dev/null; then
    local version
    version="$("$PYTHON" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
    apt_install "python$version-venv"
  fi
  "$PYTHON" -m venv "$ROOT/.cache/tools" || die "python3 -m venv failed"
  "$ROOT/.cache/tools/bin/pip" --quiet --disable-pip-version-check install "uv>=0.5" >&2 \
    || die "uv could not be installed: is a package index reachable?"
}

python_packages() {  # LEVEL
  local lock="$ROOT/requirements.lock" stamp="$ROOT/.venv/.set-up" key
  [ "$1" = dev ] && lock="$ROOT/requirements-dev.lock"
  key="$(cat "$ROOT"/requirements*.lock "$ROOT/pyproject.toml" | sha256sum | cut -c1-40) $ROOT"
  # A development environment holds everything that running needs.
  if [ -x "$ROOT/.venv/bin/surgery-assist" ] && [ -f "$stamp" ]; then
    case "$(cat "$stamp")" in "dev $key" | "$1 $key") return ;; esac
  fi
  say "installing Python packages from ${lock##*/}"
  PYTHON="$(find_python)" || { apt_install "python3.11|python3.12|python3.13|python3" python3-venv
    PYTHON="$(find_python)"; } || die "Python 3.11, 3.12 or 3.13 is needed"
  find_uv
  if ! "$ROOT/.venv/bin/python" -c '' 2>/dev/null; then
    "$UV" venv --quiet --clear --no-python-downloads --python "$PYTHON" "$ROOT/.venv" \
      || die "the virtual environment could not be made"
  fi
  # Hospitals look into TLS with certificates of their own, which only the system knows.
  export UV_SYSTEM_CERTS=1
  export VIRTUAL_ENV="$ROOT/.venv" UV_LINK_MODE="${UV_LINK_MODE:-copy}"
  "$UV" pip sync --quiet --require-hashes "$lock" || die "the packages of ${lock##*/} could not be installed"
  "$UV" pip install --quiet --no-deps --editable "$ROOT" || die "the project could not be installed"
  printf '%s' "$1 $key" > "$stamp"
}

set_up() {  # LEVEL
  if [ "$1" = dev ]; then system_packages "${APT_RUN[@]}" "${APT_DEV[@]}"
  else system_packages "${APT_RUN[@]}"; fi
  python_packages "$1"
}
