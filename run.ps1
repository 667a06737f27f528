# Sets up what is missing, then opens Surgery Assist on the demo study.
#
#   .\run.ps1               on the screen
#   .\run.ps1 --headless    off screen: plays the demo's sentences, pictures under out\
#   .\run.ps1 --setup       set up and stop; .venv\Scripts\surgery-assist.exe exists from then on
#   .\run.ps1 ARGUMENT...   set up, then surgery-assist with these arguments
# Where scripts are not allowed: powershell -ExecutionPolicy Bypass -File run.ps1
$ErrorActionPreference = 'Stop'
$Root = $PSScriptRoot
. (Join-Path $Root 'packaging\setup.ps1')

Set-Up 'run'
$program = Join-Path $Root '.venv\Scripts\surgery-assist.exe'
$first, $rest = $args
switch -CaseSensitive ($first) {
    '--setup' { Say "ready: $program"; exit 0 }
    '--headless' { & $program demo --headless --out (Join-Path $Root 'out') @rest; exit $LASTEXITCODE }
    $null { & $program demo; exit $LASTEXITCODE }
    default { & $program @args; exit $LASTEXITCODE }
}
