# Dot-sourced by run.ps1 and test.ps1: installs what is missing, quickly when nothing is.
# Expects $Root (the checkout). Gives Set-Up LEVEL, where LEVEL is "run" or "dev".

function Say([string]$Text) { Write-Host "== $Text" -ForegroundColor White }
function Stop-With([string]$Text) { [Console]::Error.WriteLine($Text); exit 1 }

function Find-Python {
    # The py launcher knows every installed Python; "python" alone may be the Store's stub.
    foreach ($version in '3.13', '3.12', '3.11') {
        if (Get-Command py -ErrorAction SilentlyContinue) {
            $path = & py "-$version" -c 'import sys; print(sys.executable)' 2>$null
            if ($LASTEXITCODE -eq 0 -and $path) { return "$path".Trim() }
        }
    }
    if (Get-Command python -ErrorAction SilentlyContinue) {
        $path = & python -c 'import sys; assert (3, 11) <= sys.version_info[:2] < (3, 14); print(sys.executable)' 2>$null
        if ($LASTEXITCODE -eq 0 -and $path) { return "$path".Trim() }
    }
    Stop-With 'Python 3.11, 3.12 or 3.13 is needed: winget install --exact --id Python.Python.3.12'
}

function Find-Uv([string]$Python) {
    $found = Get-Command uv -ErrorAction SilentlyContinue
    if ($found) { return $found.Source }
    $uv = Join-Path $Root '.cache\tools\Scripts\uv.exe'
    if (-not (Test-Path $uv)) {
        Say 'installing uv into .cache\tools'
        & $Python -m venv (Join-Path $Root '.cache\tools')
        if ($LASTEXITCODE -ne 0) { Stop-With 'python -m venv failed' }
        & (Join-Path $Root '.cache\tools\Scripts\python.exe') -m pip --quiet --disable-pip-version-check install 'uv>=0.5'
        if ($LASTEXITCODE -ne 0) { Stop-With 'uv could not be installed: is a package index reachable?' }
    }
    return $uv
}

function Get-Key {
    $names = 'requirements.lock', 'requirements-dev.lock', 'pyproject.toml'
    $hashes = foreach ($name in $names) { (Get-FileHash (Join-Path $Root $name) -Algorithm SHA256).Hash }
    return "$($hashes -join '') $Root"
}

function Set-Up([string]$Level) {
    $environment = Join-Path $Root '.venv'
    $stamp = Join-Path $environment '.set-up'
    $program = Join-Path $environment 'Scripts\surgery-assist.exe'
    $key = Get-Key
    if ((Test-Path $program) -and (Test-Path $stamp)) {
        # A development environment holds everything that running needs.
        $is = Get-Content -Raw $stamp
        if ($is -eq "dev $key" -or $is -eq "$Level $key") { return }
    }
    $lock = if ($Level -eq 'dev') { 'requirements-dev.lock' } else { 'requirements.lock' }
    Say "installing Python packages from $lock"
    $python = Find-Python
    $uv = Find-Uv $python
    if (-not (Test-Path (Join-Path $environment 'Scripts\python.exe'))) {
        & $uv venv --quiet --clear --no-python-downloads --python $python $environment
        if ($LASTEXITCODE -ne 0) { Stop-With 'the virtual environment could not be made' }
    }
    # Hospitals look into TLS with certificates of their own, which only the system knows.
    $env:UV_SYSTEM_CERTS = '1'
    $env:VIRTUAL_ENV = $environment
    & $uv pip sync --quiet --require-hashes (Join-Path $Root $lock)
    if ($LASTEXITCODE -ne 0) { Stop-With "the packages of $lock could not be installed" }
    & $uv pip install --quiet --no-deps --editable $Root
    if ($LASTEXITCODE -ne 0) { Stop-With 'the project could not be installed' }
    Set-Content -NoNewline -Path $stamp -Value "$Level $key"
}
