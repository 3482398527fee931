# SPDX-License-Identifier: GPL-2.0-only
ifneq ($(KERNELRELEASE),)

# Inside of a kernel build. Out of tree, its configuration does not know us.
ifdef KBUILD_EXTMOD
# without those that have to be built in
kmem-suites := $(shell sed -n '/^config KMEM_\(.*\)_KUNIT_TEST$$/{s//\1/;h;n;/tristate/{g;p}}' \
		       $(dir $(lastword $(MAKEFILE_LIST)))Kconfig)
export CONFIG_KMEM_KUNIT_HELPERS := m
$(foreach s,$(kmem-suites),$(eval export CONFIG_KMEM_$(s)_KUNIT_TEST := m))
endif

obj-y += lib/

else

# The front door.
PYTHON := /usr/bin/python3
ARGS ?=
PREFIX ?= /usr/local
share := $(DESTDIR)$(PREFIX)/share
home := $(share)/kmem-kunit

help:
	@echo 'make run     build Linux 6.12 with the suites, run them, and judge the outcome'
	@echo 'make test    the tests of this project itself'
	@echo 'make speed   time it against plain kunit.py, side by side'
	@echo 'make faults  break the kernel on purpose, and see which cases notice'
	@echo 'make docs    the book, in build/book: open its index.html'
	@echo 'make install the command, its manual and its data, below PREFIX ($(PREFIX)) of DESTDIR'
	@echo 'ARGS="..." is handed on: make run ARGS="--kernel 7.3". See also tools/kmem-kunit --help.'

run: $(PYTHON)
	@tools/kmem-kunit run $(ARGS)

test: $(PYTHON)
	@tools/tests/all $(ARGS)

speed: $(PYTHON)
	@tools/tests/speed $(ARGS)

faults: $(PYTHON)
	@tools/tests/faults.py $(ARGS)

docs: $(PYTHON)
	@rm -rf build/book
	@tools/book html build/book && echo build/book/index.html

install: $(PYTHON)
	@rm -rf build/install
	@tools/book man build/install && register-python-argcomplete kmem-kunit > build/install/bash
	install -d $(DESTDIR)$(PREFIX)/bin $(home)/tools $(home)/Documentation $(share)/man/man1 \
		$(share)/bash-completion/completions
	cp -r lib Kconfig Makefile .kunitconfig $(home)
	cp -r Documentation/faults.rst Documentation/findings $(home)/Documentation
	cp -r $(filter-out tools/tests tools/faults tools/book,$(wildcard tools/*)) $(home)/tools
	find $(home) -name __pycache__ -prune -exec rm -r {} +
	ln -sf ../share/kmem-kunit/tools/kmem-kunit $(DESTDIR)$(PREFIX)/bin/kmem-kunit
	install -m 644 build/install/kmem-kunit.1 $(share)/man/man1
	install -m 644 build/install/bash $(share)/bash-completion/completions/kmem-kunit

# All else is installed by the command itself, which is in Python.
$(PYTHON):
	@if [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -y python3; \
	elif sudo -n true 2>/dev/null; then sudo apt-get update -qq && sudo apt-get install -y python3; \
	else echo 'kmem-kunit: python3 is missing, run: sudo apt-get install -y python3' >&2; exit 2; fi

.PHONY: help run test speed faults docs install

endif
