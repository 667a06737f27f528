# Sets up what tests need, checks the code, runs the tests.
#
#   .\test.ps1              everything, the bundle too
#   .\test.ps1 --fast       without windows, whole-program, slow and bundle tests
#   .\test.ps1 --frozen     only the bundle: builds it and runs it
#   .\test.ps1 -k WORD ...  other arguments go to pytest
# Tests that need a sound server of their own or espeak-ng are skipped, and say so.
$ErrorActionPreference = 'Stop'
$Root = $PSScriptRoot
Set-Location $Root
. (Join-Path $Root 'packaging\setup.ps1')

$pytest = @()
$check = $true
for ($i = 0; $i -lt $args.Count; $i++) {
    switch -CaseSensitive ($args[$i]) {
        '--fast' { $pytest += '-m', 'not gui and not e2e and not slow and not frozen' }
        '--frozen' { $pytest += '-m', 'frozen'; $check = $false }
        default { $pytest += $args[$i]; $check = $false }
    }
}

Set-Up 'dev'
$env:Path = (Join-Path $Root '.venv\Scripts') + ';' + $env:Path
$env:QT_QPA_PLATFORM = 'offscreen'
$env:OMP_NUM_THREADS = '1'
$env:PYTHONUTF8 = '1'

$failed = @()
function Step([string]$Name, [string]$Program, [string[]]$Arguments) {
    Say $Name
    & $Program @Arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { $script:failed += $Name }
}

if ($check) {
    Step 'ruff check' 'ruff' @('check', '--quiet', '.')
    Step 'ruff format' 'ruff' @('format', '--quiet', '--check', '.')
    Step 'mypy' 'mypy' @()
    Step 'lint-imports' 'lint-imports' @('--no-cache')
    Say 'no dead code'
    $names = 'option_string,trace,__cause__,reading_validation_mode,writeable'
    $found = vulture surgery_assist docs models tests --min-confidence 60 --ignore-decorators '@command,@override,@Slot' --ignore-names $names
    $found = $found | Where-Object { $_ -match '^surgery_assist' -and $_ -notmatch 'phantom_dicom' }
    if ($found) { $found | Out-Host; $failed += 'no dead code' }
    Say 'no cedilla letters'
    $letters = "[$([char]0x15e)$([char]0x15f)$([char]0x162)$([char]0x163)]"
    $places = 'surgery_assist', 'resources', 'models\recipe', 'tests', 'docs', 'packaging'
    $texts = Get-ChildItem -Recurse -File -Include *.py, *.yaml, *.toml, *.md, *.tsv, *.csv -Path $places
    $bad = $texts | Select-String -CaseSensitive -Encoding utf8 -Pattern $letters
    if ($bad) { $bad | Out-Host; $failed += 'no cedilla letters' }
}
Step 'pytest' 'pytest' $pytest

if ($failed.Count) { Stop-With "failed: $($failed -join ', ')" }
