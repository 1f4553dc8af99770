from intake.app import run

run()
