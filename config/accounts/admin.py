"""Accounts in Django's admin: where an administrator makes leads, locks somebody out or sets a password."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from .models import User


@admin.register(User)
class AccountAdmin(UserAdmin):
    list_display = ("username", "email", "is_lead", "is_active", "is_simulated", "last_login")
    list_filter = ("is_lead", "is_active", "is_simulated", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Place",
            {"fields": ("is_active", "is_lead", "is_simulated", "is_staff", "is_superuser", "pseudonym")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("pseudonym", "is_simulated", "last_login", "date_joined")
