"""The address of search."""

from django.urls import path

from workledger.web.views import search

urlpatterns = [path("search", search.find, name="search")]
