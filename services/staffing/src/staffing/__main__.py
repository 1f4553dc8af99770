from staffing.app import run

run()
