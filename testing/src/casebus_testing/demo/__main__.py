import sys

from casebus_testing.demo.run import main

sys.exit(main())
