# The site's image: web process, worker and beat are the same image with another command (docker-compose.yml).

FROM python:3.11-slim AS packages
RUN python -m venv /venv
COPY requirements/ /requirements/
RUN /venv/bin/pip install --no-cache-dir --no-compile -r /requirements/site.txt -r /requirements/s3.txt \
    # What only a developer of those packages needs: a fifth of the size.
    && rm -rf /venv/lib/python3.11/site-packages/pyarrow/tests \
              /venv/lib/python3.11/site-packages/pyarrow/include \
              /venv/lib/python3.11/site-packages/numpy/*/tests

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings.prod \
    LIKENESS_HOME=/var/lib/likeness \
    LIKENESS_STATIC_ROOT=/srv/static
RUN useradd --system --uid 10001 --home-dir /var/lib/likeness --create-home likeness
COPY --from=packages /venv /venv
WORKDIR /srv/likeness
COPY manage.py ./
COPY config/ config/
COPY datasets/ datasets/
COPY annotator/ annotator/
COPY distortions/ distortions/
COPY training/ training/
COPY deploy/gunicorn.conf.py deploy/
# Compiled here, since the process that runs them may not write beside them. The key is thrown away.
RUN python -m compileall -q /venv/lib config datasets annotator distortions training \
    && SECRET_KEY=only-while-building ALLOWED_HOSTS=localhost LIKENESS_HOME=/tmp/likeness \
       python manage.py collectstatic --noinput \
    && rm -rf /tmp/likeness
USER likeness
VOLUME /var/lib/likeness
EXPOSE 8000
CMD ["gunicorn", "--config=deploy/gunicorn.conf.py", "--bind=0.0.0.0:8000", "config.wsgi:application"]
